import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLive } from './health.ts';
import { killGroup } from './process-group.ts';
import type { ManagedProcess, Processes, Status } from './run-folder.ts';

export interface SuperviseOptions extends Processes {
  readonly logs: string; // a folder
  readonly environment: NodeJS.ProcessEnv; // with the secrets
  readonly signal: AbortSignal; // ends all of it
  readonly onChange: (processes: Status['processes']) => void;
}

const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 30_000;
const STEADY_MS = 60_000; // after so long a crash is the first again
const GRACE_MS = 30_000; // to finish what is being answered
const CHECK_MS = 3_000;
const SICK_CHECKS = 3; // in a row, once it has been well

/** What a program needs of the environment it is started in. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ'];

/**
 * Keeps every process running until the signal: one that ends, or is no longer well, is started again, later each time.
 * Each has a process group of its own, so that nothing it began outlives it. Resolves when all have ended.
 */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { processes, signal, onChange } = options;
  const states = processes.map(({ name }) => ({
    name,
    pid: null as number | null,
    starts: 0,
    lastExit: null as string | null,
  }));
  const changed = () => onChange(structuredClone(states));

  async function keep(process: ManagedProcess, state: (typeof states)[number]): Promise<void> {
    let restMs = 0;
    while (!signal.aborted) {
      const began = performance.now();
      const child = start(process, options);
      state.pid = child.pid ?? null;
      state.starts++;
      changed();
      state.lastExit = await ended(child, process, signal);
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
      state.pid = null;
      changed();
      const isSteady = performance.now() - began > STEADY_MS;
      restMs = isSteady ? FIRST_REST_MS : Math.min(LONGEST_REST_MS, Math.max(FIRST_REST_MS, restMs * 2));
      await sleep(restMs, undefined, { signal }).catch(() => {});
    }
  }
  await Promise.all(processes.map((process, i) => keep(process, states[i]!)));
}

function start(
  { name, argv: [program, ...args], env, secrets }: ManagedProcess,
  { cwd, logs, environment }: SuperviseOptions,
): ChildProcess {
  const log = openSync(join(logs, `${name}.log`), 'a', 0o600);
  try {
    return spawn(program!, args, {
      cwd,
      detached: true, // a group of its own
      stdio: ['ignore', log, log],
      env: {
        ...Object.fromEntries(PASSED_ON.map((key) => [key, environment[key]])),
        ...env,
        ...Object.fromEntries(secrets.map(({ env: key, secret }) => [key, environment[secret]])),
      },
    });
  } finally {
    closeSync(log); // the child has its own
  }
}

/** Waits for its end, which the signal or bad health brings about: politely first. Says how it ended. */
async function ended(child: ChildProcess, process: ManagedProcess, signal: AbortSignal): Promise<string> {
  const over = new AbortController();
  let reason = '';
  const stop = () => {
    child.kill('SIGTERM');
    void sleep(GRACE_MS, undefined, { signal: over.signal }).then(
      () => child.kill('SIGKILL'),
      () => {},
    );
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  void untilSick(process, over.signal).then((isSick) => {
    if (!isSick) return;
    reason = 'not well, ';
    stop();
  });
  try {
    return await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, by) =>
        resolve(reason + (code === null ? `killed by ${by}` : `exit code ${code}`)),
      );
    });
  } finally {
    over.abort();
    signal.removeEventListener('abort', stop);
  }
}

/** Resolves with true once it has been well and is no more, with false when the signal comes first. */
async function untilSick(process: ManagedProcess, signal: AbortSignal): Promise<boolean> {
  let wasWell = false;
  let sick = 0;
  while (!signal.aborted && sick < SICK_CHECKS) {
    await sleep(CHECK_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const isWell = await isLive(process);
    wasWell ||= isWell;
    sick = wasWell && !isWell ? sick + 1 : 0;
  }
  return !signal.aborted;
}
