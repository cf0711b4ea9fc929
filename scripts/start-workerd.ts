/** The built Worker in workerd by itself: weights and page from the disk, nothing of the network, nothing beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { WORKERD, type WorkerdPlace, workerdArguments } from './workerd-command.ts';

export interface WorkerdOptions extends Omit<WorkerdPlace, 'objects'> {
  /** Where Durable Objects keep their databases. */
  readonly state: string;
  readonly vars: Readonly<Record<string, string>>;
  /** A line that the Worker logged, or that workerd itself had to say. */
  readonly onLog: (line: string, from: 'worker' | 'workerd') => void;
}

export interface RunningWorkerd extends AsyncDisposable {
  readonly url: URL;
  readonly pid: number;
  /** Settles when it ends. */
  readonly ended: Promise<void>;
}

const CONTROL = 3; // the file descriptor on which it says where it listens
const MOST_COMPLAINTS = 20; // lines

/** Throws Error when it ends before it listens, with what it said. */
export async function startWorkerd(options: WorkerdOptions): Promise<RunningWorkerd> {
  const { state, vars, onLog, ...place } = options;
  const objects = join(state, 'do');
  await mkdir(objects, { recursive: true });
  const child = spawn(WORKERD, [...workerdArguments({ ...place, objects }), `--control-fd=${CONTROL}`], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...vars, TZ: 'UTC' },
  });
  const ended = once(child, 'exit').then(() => {});
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill); // it would outlive us
  const complaints: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => onLog(line, 'worker'));
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (complaints.length < MOST_COMPLAINTS) complaints.push(line);
    onLog(line, 'workerd');
  });

  const listening = await Promise.race([portOf(child), ended]);
  if (listening === undefined) {
    process.removeListener('exit', kill);
    throw new Error(`workerd ended before it listened:\n${complaints.join('\n')}`);
  }
  return {
    url: new URL(`http://${place.host === '0.0.0.0' ? '127.0.0.1' : place.host}:${listening}`),
    pid: child.pid!,
    ended,
    async [Symbol.asyncDispose]() {
      process.removeListener('exit', kill);
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The port it says it listens on. */
async function portOf(child: ChildProcess): Promise<number | undefined> {
  for await (const line of createInterface({ input: child.stdio[CONTROL] as Readable })) {
    const message = JSON.parse(line) as { readonly event: string; readonly port?: number };
    if (message.event === 'listen') return message.port;
  }
  return undefined;
}
