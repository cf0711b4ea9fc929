/** `npm start` as a user meets it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { smollm2Path } from '../support/smollm2.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cria-start-'));
  const model = smollm2Path();
  const folder = join(home, 'models/smollm2-135m-instruct-q4_1');
  mkdirSync(folder, { recursive: true });
  symlinkSync(model, join(folder, basename(model)));
});
afterEach(() => rmSync(home, { recursive: true }));

function start(port: number, args: readonly string[] = [], settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['scripts/start.ts', ...args], {
    env: { ...process.env, CRIA_HOME: home, PORT: String(port), ...settings },
  });
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output.text += text;
    });
  return { child, output };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  return child.exitCode ?? ((await once(child, 'close')) as [number | null])[0];
}

test('start says what is served, serves it, and leaves nothing running', async () => {
  const { child, output } = start(0);
  await expect.poll(() => output.text, { timeout: 60_000 }).toContain('Ctrl-C stops it.');
  expect(output.text).toMatch(/loaded in \d+\.\d s, then \d+ tokens a second/);

  const [, command] = /(curl .+?}')\n/s.exec(output.text)!;
  const curl = spawn('sh', ['-c', `${command} --silent --fail`]);
  let reply = '';
  curl.stdout.on('data', (text) => {
    reply += text;
  });
  expect(await exitCode(curl)).toBe(0);
  expect(JSON.parse(reply)).toMatchObject({ object: 'chat.completion' });

  const children = childrenOf(child.pid!);
  expect(children.length).toBeGreaterThan(0);
  child.kill('SIGINT');
  expect(await exitCode(child)).toBe(0);
  expect(children.filter(isRunning)).toEqual([]);
});

test('start says so when the port is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const { child, output } = start(port);
  expect(await exitCode(child)).toBe(1);
  expect(output.text).toContain(
    `127.0.0.1:${port} is taken; stop what listens there, or choose another port`,
  );
  server.close();
});

test.each([
  { settings: { CRIA_KV: 'q7' }, says: 'CRIA_KV: ' },
  { settings: { CRIA_MODEL: 'nothing' }, says: "the catalogue has no model 'nothing'" },
  { settings: { CRIA_GUARD_JUDGE: 'both' }, says: 'CRIA_GUARD_JUDGE: ' },
  { settings: { HOST: '0.0.0.0' }, says: 'HOST: 0.0.0.0 lets other machines in' },
])('start refuses $settings before anything listens', async ({ settings, says }) => {
  const { child, output } = start(0, [], settings);
  expect(await exitCode(child)).toBe(1);
  expect(output.text).toContain(`error: ${says}`);
});

test('start --help explains every variable of wrangler.toml', async () => {
  const { child, output } = start(0, ['--help']);
  expect(await exitCode(child)).toBe(0);
  for (const [name] of readFileSync('wrangler.toml', 'utf8').matchAll(/^CRIA_\w+/gm))
    expect(output.text).toContain(name);
});

/** Processes that `pid` started, as Linux tells. */
function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '); // a zombie has ended
  } catch {
    return false;
  }
}
