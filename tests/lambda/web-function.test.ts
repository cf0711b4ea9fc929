/** What is built as Lambda runs it: a Web Function, whose requests are cut off after a while. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { filePath } from '../../models/cli/pull.ts';
import { buildAll } from '../../scripts/build.ts';
import { startLambdaService } from '../support/lambda-service.ts';
import { openWebFunction } from '../support/web-function-door.ts';

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
let probes = 0;
const left = Promise.withResolvers<void>();

/** Answers a stream with two events, and then is silent for ever; anything else with what it was asked. */
const backend = createServer(async (request, response) => {
  if (request.method === 'GET') {
    probes++;
    return response.end('{"state":"ready"}');
  }
  const asked = JSON.parse(await text(request));
  if (asked.stream !== true) return response.end(JSON.stringify(asked));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('data: {"n":1}\n\ndata: {"n":2}\n\ndata: {"n');
  response.once('close', left.resolve);
});

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'cria-web-function-'));
  await buildAll(join(folder.path, 'dist'));
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
});
afterAll(async () => {
  backend.closeAllConnections();
  backend.close();
  await folder.remove();
});

function routesToBackend(): string {
  const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/v1`;
  return JSON.stringify({
    backends: [{ name: 'near', url, model: 'm', health: '/v1/health' }],
    routes: [
      { model: 'm', to: [{ backend: 'near', weight: 1 }], overflow: [], contextLength: 8, licence: 'MIT' },
    ],
  });
}

type Ask = (fields: object, headers?: Record<string, string>) => Promise<Response>;

const askAt =
  (url: string | URL): Ask =>
  (fields, headers = {}) =>
    fetch(new URL('/v1/chat/completions', url), {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'm', messages: [], ...fields }),
    });

async function start(vars: Record<string, string>, bundle = 'gateway') {
  const gateway = spawn(process.execPath, [join(folder.path, `dist/lambda/${bundle}/index.js`)], {
    env: {
      AWS_LAMBDA_HTTP_ENDPOINT: '127.0.0.1:0',
      CRIA_AUTH: 'none',
      CRIA_ROUTES: routesToBackend(),
      ...vars,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: gateway.stdout }), 'line');
  const { url } = JSON.parse(line);
  return {
    url,
    chat: askAt(url),
    async [Symbol.asyncDispose]() {
      gateway.kill('SIGTERM');
      expect(await once(gateway, 'exit')).toEqual([0, null]);
    },
  };
}

test('bodies arrive, backends are looked at when somebody asks, and what is open when it is told to end is ended', async () => {
  await using gateway = await start({ CRIA_REQUEST_TIMEOUT: '900' });
  expect(probes).toBe(0);
  expect(await (await gateway.chat({ temperature: 0.5 })).json()).toMatchObject({ temperature: 0.5 });
  expect(probes).toBe(1);
  const open = await gateway.chat({ stream: true });
  expect(new TextDecoder().decode((await open.body!.getReader().read()).value)).toContain('"n":1');
});

test('a stream ends, well-formed, before it is cut off', async () => {
  await using gateway = await start({ CRIA_REQUEST_TIMEOUT: '5' });
  const events = (await (await gateway.chat({ stream: true })).text()).split('\n\n');
  expect(events.slice(0, 2)).toEqual(['data: {"n":1}', 'data: {"n":2}']);
  expect(JSON.parse(events[2]!.slice('data: '.length)).error.code).toBe('deadline_exceeded');
  expect(events.slice(3)).toEqual(['']);
  await left.promise;
});

test("limits are a client's own: Lambda adds who has asked it, and CloudFront who has asked that", async () => {
  await using gateway = await start({ CRIA_PROXIES: '1', CRIA_LIMIT_REQUESTS: '1' });
  const from = async (forwarded: string) => (await gateway.chat({}, { 'x-forwarded-for': forwarded })).status;
  expect(await from('198.51.100.1, 130.176.0.1')).toBe(200);
  expect(await from('10.9.9.9, 198.51.100.1, 130.176.0.2')).toBe(429); // what stands further left, he has written himself
  expect(await from('198.51.100.2, 130.176.0.1')).toBe(200);
});

/** The other form: the same gateway behind a Function URL. */
async function startFunction(vars: Record<string, string>) {
  const service = await startLambdaService(900_000);
  const runtime = spawn(process.execPath, [join(import.meta.dirname, '../support/lambda-runtime.ts')], {
    env: {
      AWS_LAMBDA_RUNTIME_API: service.url.host,
      LAMBDA_TASK_ROOT: join(folder.path, 'dist/lambda/function'),
      CRIA_AUTH: 'none',
      CRIA_ROUTES: routesToBackend(),
      ...vars,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  runtime.once('exit', () => service[Symbol.dispose]());
  return {
    url: service.url,
    chat: askAt(service.url),
    async [Symbol.asyncDispose]() {
      runtime.kill('SIGKILL'); // as Lambda does
      await once(runtime, 'exit');
    },
  };
}

const SECRET = 'what-only-cloudfront-says-1234567';

test.each([
  { form: 'a Web Function', open: () => start({ CRIA_REQUEST_TIMEOUT: '900', CRIA_ORIGIN_SECRET: SECRET }) },
  { form: 'a function', open: () => startFunction({ CRIA_ORIGIN_SECRET: SECRET }) },
])(
  '$form answers who comes through what stands before it; for others it does not even look at backends',
  async ({ open }) => {
    await using gateway = await open();
    const before = probes;
    const refused = await gateway.chat({});
    expect([refused.status, (await refused.json()).error.code]).toEqual([403, 'direct_access']);
    expect(probes).toBe(before);
    expect((await gateway.chat({}, { 'x-cria-origin-secret': SECRET })).status).toBe(200);
    expect(probes).toBe(before + 1);
  },
);

test.each([
  { form: 'a Web Function', open: (vars: Record<string, string>) => start(vars, 'web-function') },
  { form: 'a function', open: startFunction },
])('$form with a model refuses those, too, before it reads any weights', async ({ open }) => {
  const path = filePath(folder.path, CATALOGUE[0]!, CATALOGUE[0]!.files[0]!);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'no weights');
  const model = { CRIA_MODEL: CATALOGUE[0]!.name, CRIA_HOME: folder.path };
  await using server = await open({ ...model, CRIA_ORIGIN_SECRET: SECRET });
  const refused = await server.chat({});
  expect([refused.status, (await refused.json()).error.code]).toEqual([403, 'direct_access']);
  const live = await fetch(new URL('/v1/health/live', server.url), {
    headers: { 'x-cria-origin-secret': SECRET },
  });
  expect(live.status).toBe(200);
});

test('a refusal comes when all of the request has: before that, Lambda does not read it', async () => {
  const log: string[] = [];
  await using door = await openWebFunction({ recital: true, onLog: (line) => log.push(line) });
  const { hostname, port } = door.server;
  const socket = connect(Number(port), hostname);
  let told = '';
  socket.on('data', (bytes) => {
    told += bytes;
  });
  const half = 'x'.repeat(5_000_000);
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${2 * half.length}\r\n\r\n`,
  );
  await new Promise((resolve) => socket.write(half, resolve));
  await expect.poll(() => log.join()).toContain('"status":413');
  await fetch(new URL('/v1/health', door.server)); // by now it would be here
  expect(told).toBe('');
  socket.write(half);
  await once(socket, 'end');
  expect(told).toMatch(/^HTTP\/1\.1 413 .*"body_too_large"/s);
});
