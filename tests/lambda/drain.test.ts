/** SIGTERM to real processes: the server as it is built, and the gateway. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { type NodeDoor, openNode } from '../support/node-door.ts';

const MODEL = CATALOGUE[0]!.id;
const LONG = 'word '.repeat(800); // with its logprobs more than a socket holds: it ends when it is read, not before

const post = (url: URL, path: string, fields: object) =>
  fetch(new URL(path, url), { method: 'POST', body: JSON.stringify({ model: MODEL, ...fields }) });
const stream = (url: URL) =>
  post(url, '/v1/chat/completions', {
    messages: [{ role: 'user', content: LONG }],
    ...{ stream: true, logprobs: true, top_logprobs: 20 },
  });
const events = (text: string): string[] => text.trim().split('\n\n');

/** The rest of a stream whose first piece is there, once the server has been told to end. */
async function draining(door: Pick<NodeDoor, 'url' | 'stop'>, log: readonly string[]) {
  const reader = (await stream(door.url)).body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value!;
  const exit = door.stop();
  await expect.poll(() => log.join(), { timeout: 30_000 }).toContain('"draining"');
  async function rest(): Promise<string> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += value;
    }
  }
  return { exit, rest };
}

const vars = { CRIA_CONTEXT: '65536', CRIA_DRAIN: '600' };

test('a server that is told to end takes nothing new, and finishes what it has begun', async () => {
  const log: string[] = [];
  const door = await openNode({ recital: true, vars, onLog: (line) => log.push(line) });
  const { exit, rest } = await draining(door, log);

  const ready = await fetch(new URL('/v1/health/ready', door.url));
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ state: 'draining', running: 1 });
  expect((await fetch(new URL('/v1/health/live', door.url))).status).toBe(200);
  const refused = await post(door.url, '/v1/completions', { prompt: 'hi' });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(refused.headers.get('connection')).toBe('close');

  const all = events(await rest());
  expect(all.at(-1)).toBe('data: [DONE]');
  const text = all
    .slice(0, -1)
    .map((one) => JSON.parse(one.slice('data: '.length)).choices[0].delta.content ?? '');
  expect(text.join('')).toBe(LONG);
  expect(await exit).toBe(0);
});

test('what takes longer than it may is ended with an error that a client can read', async () => {
  const log: string[] = [];
  const door = await openNode({
    recital: true,
    vars: { ...vars, CRIA_DRAIN: '0' },
    onLog: (line) => log.push(line),
  });
  const { exit, rest } = await draining(door, log);
  const all = events(await rest());
  expect(JSON.parse(all.at(-1)!.slice('data: '.length))).toMatchObject({ error: { code: 'shutting_down' } });
  expect(await exit).toBe(0);
  const told = log.filter((line) => line.startsWith('{')); // Node itself speaks otherwise
  expect(told.map((line) => JSON.parse(line).event)).toEqual(
    expect.arrayContaining(['draining', 'ending', 'ended']),
  );
});

/** A server that streams for as long as it is read. */
async function endless(): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url!.startsWith('/v1/health')) return response.end('{"state":"ready"}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => response.write('data: {}\n\n'), 10);
    response.on('close', () => clearInterval(timer));
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('the gateway ends as its servers do', async () => {
  const backend = await endless();
  const { port } = backend.address() as AddressInfo;
  const routes = {
    backends: [
      { name: 'only', url: `http://127.0.0.1:${port}/v1`, model: MODEL, health: '/v1/health/ready' },
    ],
    routes: [
      { model: MODEL, to: [{ backend: 'only', weight: 1 }], overflow: [], contextLength: 8, licence: 'x' },
    ],
  };
  const gateway = spawn(process.execPath, ['lambda/gateway.ts'], {
    env: {
      ...process.env,
      PORT: '0',
      CRIA_AUTH: 'none',
      CRIA_DRAIN: '5',
      CRIA_ROUTES: JSON.stringify(routes),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log: string[] = [];
  const lines = createInterface({ input: gateway.stdout }).on('line', (line) => log.push(line));
  const exited = once(gateway, 'exit').then(([code]) => code as number | null);
  const [first] = (await once(lines, 'line')) as [string];
  const url = new URL((JSON.parse(first) as { url: string }).url);
  async function stop(): Promise<number | null> {
    gateway.kill('SIGTERM');
    return exited;
  }

  const { exit, rest } = await draining({ url, stop }, log);
  const ready = await fetch(new URL('/v1/health/ready', url));
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ state: 'draining', backends: { only: 'ready' } });
  const refused = await post(url, '/v1/completions', { prompt: 'hi' });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');

  const last = events(await rest()).at(-1)!;
  expect(JSON.parse(last.slice('data: '.length))).toMatchObject({ error: { code: 'shutting_down' } });
  expect(await exit).toBe(0);
  backend.closeAllConnections();
  backend.close();
});
