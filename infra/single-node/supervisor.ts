/** The process behind `cria up`: starts a site's processes, starts them again, and ends with all of them on SIGTERM. */
import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { readProcesses, runFolder, type Status, writeJson } from './run-folder.ts';
import { supervise } from './supervise.ts';

const root = process.argv[2]!; // <home>/sites/<site>
const folder = runFolder(dirname(dirname(root)), basename(root));
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

let written: Promise<void> = Promise.resolve();
const write = (processes: Status['processes']) => {
  written = written.then(() => writeJson(folder.status, { supervisor: process.pid, processes }));
};

write([]);
await supervise({
  ...(await readProcesses(folder)),
  logs: folder.logs,
  environment: process.env,
  signal: stop.signal,
  onChange: write,
});
await written;
await rm(folder.status);
