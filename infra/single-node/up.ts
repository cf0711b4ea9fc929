/** Runs a site as processes of this machine, and stops it again. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { memoryText } from '../bytes.ts';
import { PlanError, RunError } from '../errors.ts';
import type { Plan } from '../plan.ts';
import { whyTaken } from './free-port.ts';
import { gatewaySeesAll, isReady } from './health.ts';
import { localProcess } from './local-process.ts';
import { areOf, killGroup, runningGroups } from './process-group.ts';
import { type ManagedProcess, type RunFolder, readStatus, type Status, writeJson } from './run-folder.ts';
import { refuseContainers } from './systemd.ts';

const ROOT = join(import.meta.dirname, '../..');
const STARTED_MS = 600_000; // a large model on a slow disk
const STOPPED_MS = 40_000; // more than the supervisor's grace

export interface UpOptions {
  readonly home: string; // CRIA_HOME
  readonly environment: NodeJS.ProcessEnv; // with the secrets
  readonly signal: AbortSignal;
}

/**
 * Starts everything, and waits until all of it is well; what was started ends again when it is not. Weights must be
 * there.
 *
 * Throws   PlanError when this machine cannot, RunError when it does not come up
 */
export async function up(
  plan: Plan,
  folder: RunFolder,
  { home, environment, signal }: UpOptions,
): Promise<void> {
  await checkMachine(plan, folder, environment); // again: weights may have taken hours
  await Promise.all([folder.logs, folder.state].map((path) => mkdir(path, { recursive: true })));
  await promisify(execFile)(process.execPath, ['scripts/build.ts', '--out', folder.dist], {
    cwd: ROOT,
    signal,
  });

  const stateOf = (name: string) => join(folder.state, name);
  const processes = plan.workloads.map((workload): ManagedProcess => {
    const { argv, ...rest } = localProcess(plan, workload, {
      node: process.execPath,
      dist: folder.dist,
      home,
      stateOf,
    });
    return { ...rest, argv: [...argv], secrets: [...workload.secrets] };
  });
  await writeJson(folder.processes, { cwd: ROOT, processes });
  const supervisor = startSupervisor(folder, environment);
  await writeJson(folder.status, { supervisor, processes: [] });
  try {
    await untilWell(processes, folder, supervisor, signal);
  } catch (error) {
    await stop(folder);
    throw error;
  }
}

/** Ends everything and removes what was built for it; what clients stored stays, unless `volumes`. False: it did not run. */
export async function down(folder: RunFolder, { volumes }: { readonly volumes: boolean }): Promise<boolean> {
  const ran = await stop(folder);
  const gone = [folder.dist, folder.logs, folder.processes, ...(volumes ? [folder.state] : [])];
  await Promise.all(gone.map((path) => rm(path, { recursive: true, force: true })));
  for (const path of [folder.state, folder.root, dirname(folder.root)]) await removeEmpty(path);
  return ran;
}

/**
 * Whether the site can run here, as far as can be told before its weights are there.
 *
 * Throws   PlanError, RunError when it runs already
 */
export async function checkMachine(
  plan: Plan,
  folder: RunFolder,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  refuseContainers(plan, 'cria up');
  const status = await readStatus(folder);
  if (status && (await ours(status, folder)).length > 0)
    throw new RunError(`site ${plan.site.name} runs already: 'cria down' stops it`);

  const missing = plan.secrets.filter((name) => !environment[name]);
  const needed = plan.workloads.reduce((sum, { memory }) => sum + memory, 0);
  const taken = await Promise.all(
    plan.workloads.map(({ kind, port }) =>
      whyTaken(kind === 'gateway' ? plan.site.gateway.listen : '127.0.0.1', port),
    ),
  );
  const problems = [
    ...(missing.length > 0 ? [`secrets: set ${missing.join(', ')} in the environment`] : []),
    ...(needed > totalmem()
      ? [`${memoryText(needed)} of memory may be needed and this machine has ${memoryText(totalmem())}`]
      : []),
    ...taken.filter((one) => one !== undefined),
  ];
  if (problems.length > 0) throw new PlanError(problems);
}

/** A process that goes on when this one ends. Returns its id, which is its group's too. */
function startSupervisor(folder: RunFolder, environment: NodeJS.ProcessEnv): number {
  const log = openSync(join(folder.logs, 'supervisor.log'), 'a', 0o600);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'supervisor.ts'), folder.root], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', log, log],
    env: environment,
  });
  closeSync(log);
  child.unref();
  return child.pid!;
}

const MANY_STARTS = 4;

async function untilWell(
  processes: readonly ManagedProcess[],
  folder: RunFolder,
  supervisor: number,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + STARTED_MS;
  const waiting = new Set(processes);
  while (waiting.size > 0) {
    signal.throwIfAborted();
    const names = [...waiting].map(({ name }) => name);
    const status = await readStatus(folder);
    const failing = status?.processes.find(
      ({ name, starts }) => names.includes(name) && starts >= MANY_STARTS,
    );
    if (failing)
      throw new RunError(
        `${failing.name} does not start (${failing.lastExit}): see ${join(folder.logs, `${failing.name}.log`)}`,
      );
    if (!(await runningGroups()).has(supervisor))
      throw new RunError(`the supervisor has ended: see ${join(folder.logs, 'supervisor.log')}`);
    if (performance.now() > end)
      throw new RunError(
        `${names.join(', ')} did not become well in ${STARTED_MS / 1000} s: see ${folder.logs}`,
      );
    for (const one of waiting) if (await isWell(one)) waiting.delete(one);
    if (waiting.size > 0) await sleep(300, undefined, { signal });
  }
}

/** The gateway is, once it has seen that the others are. */
async function isWell(one: ManagedProcess): Promise<boolean> {
  if (!(await isReady(one))) return false;
  return one.env.CRIA_ROUTES === undefined || gatewaySeesAll(one);
}

/** Asks the supervisor to end, then sees to it that all of it has. False when nothing ran. */
async function stop(folder: RunFolder): Promise<boolean> {
  const status = await readStatus(folder);
  if (!status) return false;
  const groups = await ours(status, folder);
  const isLed = groups.includes(status.supervisor);
  for (const group of isLed ? [status.supervisor] : groups) killGroup(group, 'SIGTERM');

  const end = performance.now() + STOPPED_MS;
  const left = async () => ours((await readStatus(folder)) ?? status, folder); // it may just have begun another
  while ((await left()).length > 0 && performance.now() < end) await sleep(200);
  for (const group of await left()) killGroup(group, 'SIGKILL');
  await rm(folder.status, { force: true });
  return groups.length > 0;
}

/** Of its groups, those that still run. */
async function ours({ supervisor, processes }: Status, folder: RunFolder): Promise<number[]> {
  const running = await runningGroups();
  const groups = [supervisor, ...processes.flatMap(({ pid }) => pid ?? [])];
  return groups.filter((group) => areOf(running.get(group), folder.root));
}

async function removeEmpty(path: string): Promise<void> {
  const entries = await readdir(path).catch(() => ['absent']);
  if (entries.length === 0) await rmdir(path);
}
