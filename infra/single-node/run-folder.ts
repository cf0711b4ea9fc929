import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** What `cria up` keeps of a site that runs: everything below one folder. */
export interface RunFolder {
  readonly root: string;
  readonly dist: string; // built for this run: nobody's later build changes it
  readonly logs: string;
  readonly state: string; // what clients have stored; stays until `cria down --volumes`
  readonly processes: string; // a file: what the supervisor runs
  readonly status: string; // a file: what it says of it
}

export function runFolder(home: string, site: string): RunFolder {
  const root = join(home, 'sites', site);
  return {
    root,
    dist: join(root, 'dist'),
    logs: join(root, 'logs'),
    state: join(root, 'state'),
    processes: join(root, 'processes.json'),
    status: join(root, 'status.json'),
  };
}

const processSchema = z.object({
  name: z.string(),
  argv: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()),
  /** Variables whose values the supervisor has in its own environment: no secret is written to a file. */
  secrets: z.array(z.object({ env: z.string(), secret: z.string() })),
  port: z.int(),
  health: z.string(),
  live: z.string(),
});
const Processes = z.object({ cwd: z.string(), processes: z.array(processSchema) });
export type Processes = z.infer<typeof Processes>;
export type ManagedProcess = z.infer<typeof processSchema>;

const Status = z.object({
  supervisor: z.int(), // its pid, and the id of the group that all processes are in
  processes: z.array(
    z.object({ name: z.string(), pid: z.int().nullable(), starts: z.int(), lastExit: z.string().nullable() }),
  ),
});
export type Status = z.infer<typeof Status>;

export const readProcesses = async (folder: RunFolder): Promise<Processes> =>
  Processes.parse(JSON.parse(await readFile(folder.processes, 'utf8')));

/** Undefined when the site does not run. */
export async function readStatus(folder: RunFolder): Promise<Status | undefined> {
  try {
    return Status.parse(JSON.parse(await readFile(folder.status, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all: a reader never sees half of it. */
export async function writeJson(path: string, value: Processes | Status): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
