/** Brings a model that was published to a store to this machine, in its packed form. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IntegrityError } from '../../errors.ts';
import type { Manifest } from '../../manifest.ts';
import {
  MAX_MANIFEST_BYTES,
  PACKED_MANIFEST,
  type PackedFile,
  readPackedManifest,
} from '../../packed/manifest.ts';
import { currentKey, MAX_CURRENT_BYTES, publishedKey, readCurrent } from '../../published.ts';
import { bufferSource } from '../../sources/buffer-source.ts';
import { DiskSpaceError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { packedFolder } from '../home.ts';
import { isWanted, PartialFile, partialLength } from '../partial-file.ts';
import { inOrder } from './in-order.ts';
import { type Store, StoreError } from './store.ts';

/** The store knows no version of that model. */
export class UnpublishedError extends Error {
  override readonly name = 'UnpublishedError';
  readonly code = 'unpublished';
}

export interface PullPublishedOptions {
  readonly home: string; // CRIA_HOME
  /** The one that is current when undefined. */
  readonly version: string | undefined;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly now: () => number; // ms
  /** Read a file that is there already and compare its sha256; otherwise its size is enough. */
  readonly verify: boolean;
}

const RANGE_BYTES = 8 << 20;
const AT_ONCE = 8; // one connection to S3 gives some 90 MB/s

/**
 * Makes every file of the version present. Until all are, there is no manifest, and so no packed model.
 *
 * Throws   StoreError, IntegrityError, FormatError, DiskSpaceError; the signal's reason when aborted
 */
export async function pullPublished(
  store: Store,
  entry: Manifest,
  options: PullPublishedOptions,
): Promise<void> {
  const { home, report, signal, verify } = options;
  const version = options.version ?? (await currentOf(store, entry, signal));
  const manifest = await manifestOf(store, entry, version, signal);
  const { from, tokenizer, shards } = await readPackedManifest(
    bufferSource(`${store.name}/${version}`, manifest),
  );
  const [{ sha256 }] = entry.files as [Manifest['files'][number]];
  if (sha256 !== undefined && from.sha256 !== sha256)
    throw new IntegrityError(`what ${store.name} has of ${entry.name} was packed from`, sha256, from.sha256);

  const folder = packedFolder(home, entry);
  const path = join(folder, PACKED_MANIFEST);
  const files = [tokenizer.file, ...shards];
  const isSame = (await readFile(path).catch(() => undefined))?.equals(manifest) ?? false;
  const missing: PackedFile[] = [];
  for (const file of files)
    if (!(await isWanted(join(folder, file.name), file, verify || !isSame))) missing.push(file);
  if (missing.length === 0 && isSame) return report({ event: 'present', file: entry.name, path: folder });

  report({ event: 'licence', model: entry.id, ...entry.licence });
  await mkdir(folder, { recursive: true });
  await rm(path, { force: true });
  await checkSpace(folder, missing);
  for (const file of missing)
    await fetchFile(store, publishedKey(entry.name, version, file.name), file, folder, options);
  await removeOthers(folder, files);
  await writeFile(`${path}.new`, manifest);
  await rename(`${path}.new`, path);
}

async function currentOf(store: Store, { name }: Manifest, signal: AbortSignal): Promise<string> {
  const bytes = await store.readAll(currentKey(name), MAX_CURRENT_BYTES, signal);
  if (bytes) return readCurrent(name, bytes);
  throw new UnpublishedError(
    `${store.name} has no ${name}: 'cria pack ${name}' and 'cria publish ${name} --to ${store.name}' put it there`,
  );
}

/** Its sha256 is its name: nobody can put another in its place. */
async function manifestOf(
  store: Store,
  { name }: Manifest,
  version: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const key = publishedKey(name, version, PACKED_MANIFEST);
  const bytes = await store.readAll(key, MAX_MANIFEST_BYTES, signal);
  if (!bytes) throw new StoreError(`${store.name} has no version ${version} of ${name}`);
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== version) throw new IntegrityError(`${store.name}/${key}`, version, actual);
  return Buffer.from(bytes);
}

async function fetchFile(
  store: Store,
  key: string,
  file: PackedFile,
  folder: string,
  { report, signal, now }: PullPublishedOptions,
): Promise<void> {
  const began = now();
  const path = join(folder, file.name);
  report({ event: 'file', file: file.name, from: store.name });
  const done = (length: number) =>
    report({ event: 'progress', file: file.name, done: length, total: file.size });
  const resumes = (await partialLength(path)) > 0;
  await fetchRest(store, key, file, path, signal, done).catch((error: unknown) => {
    if (!resumes || !(error instanceof IntegrityError)) throw error;
    return fetchRest(store, key, file, path, signal, done); // what was there may have been of another version
  });
  report({ event: 'saved', file: file.name, path, checked: true, seconds: (now() - began) / 1000 });
}

/** In ranges side by side, which are written and hashed in their order. */
async function fetchRest(
  store: Store,
  key: string,
  file: PackedFile,
  path: string,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<void> {
  const partial = await PartialFile.open(path, file);
  try {
    const offsets: number[] = [];
    for (let at = partial.length; at < file.size; at += RANGE_BYTES) offsets.push(at);
    const ranges = inOrder(offsets, AT_ONCE, (at) =>
      store.read(key, at, Math.min(RANGE_BYTES, file.size - at), signal),
    );
    for await (const bytes of ranges) {
      await partial.append(bytes);
      onProgress(partial.length);
    }
    await partial.commit();
  } finally {
    await partial.close();
  }
}

async function checkSpace(folder: string, files: readonly PackedFile[]): Promise<void> {
  let needed = 0;
  for (const { name, size } of files) needed += size - (await partialLength(join(folder, name)));
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) throw new DiskSpaceError(folder, needed, bavail * bsize);
}

/** What an older version had, and this one has not. */
async function removeOthers(folder: string, files: readonly PackedFile[]): Promise<void> {
  const names = new Set(files.map(({ name }) => name));
  for (const name of await readdir(folder))
    if (!names.has(name)) await rm(join(folder, name), { force: true });
}
