import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runningGroups } from '../../../infra/single-node/process-group.ts';
import type { Status } from '../../../infra/single-node/run-folder.ts';
import { supervise } from '../../../infra/single-node/supervise.ts';

let logs: string;
beforeEach(async () => {
  logs = await mkdtemp(join(tmpdir(), 'cria-supervise-'));
});
afterEach(() => rm(logs, { recursive: true }));

/** Runs `script` under supervision; `end` stops it all. */
function run(script: string, environment: NodeJS.ProcessEnv = {}) {
  const stop = new AbortController();
  const seen: Status['processes'][] = [];
  const over = supervise({
    cwd: '.',
    processes: [
      {
        name: 'one',
        argv: [process.execPath, '-e', script],
        env: { SAID: 'hello' },
        secrets: [{ env: 'KEY', secret: 'THE_SECRET' }],
        port: 9,
        health: '/',
        live: '/',
      },
    ],
    logs,
    environment: { PATH: process.env.PATH, ...environment },
    signal: stop.signal,
    onChange: (processes) => seen.push(processes),
  });
  return {
    now: () => seen.at(-1)![0]!,
    log: () => readFile(join(logs, 'one.log'), 'utf8'),
    async end() {
      stop.abort();
      await over;
    },
  };
}

test('a process has its variables, its secrets, its log, and nothing else of ours', async () => {
  const { log, end } = run('console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000)', {
    THE_SECRET: 'sk-1',
    OTHER_SECRET: 'sk-2',
  });
  await vi.waitFor(async () => expect(await log()).toContain('}\n'), 10_000);
  await end();
  const env = JSON.parse(await log()) as Record<string, string>;
  expect(env).toMatchObject({ SAID: 'hello', KEY: 'sk-1' });
  expect(env).not.toHaveProperty('OTHER_SECRET');
});

test('one that ends is started again, and how it ended is told', async () => {
  const { now, log, end } = run('console.log("up"); process.exit(7)');
  await vi.waitFor(async () => expect((await log()).match(/up/g)).toHaveLength(2), 10_000);
  expect(now().lastExit).toBe('exit code 7');
  await end();
  expect(now().pid).toBeNull();
});

test('what a killed process had begun does not outlive it', async () => {
  const child = 'require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"])';
  const { now, log, end } = run(`console.log(${child}.pid); setInterval(() => {}, 1000)`);
  await vi.waitFor(async () => expect(await log()).toMatch(/\d+\n/), 10_000);
  const first = now().pid!;
  process.kill(first, 'SIGKILL');
  await vi.waitFor(() => expect(now().starts).toBe(2), 10_000);
  expect((await runningGroups()).has(first)).toBe(false);
  const second = now().pid!;
  await end();
  expect((await runningGroups()).has(second)).toBe(false);
});
