/** Brings a packed model to a store; what the store has already is not sent again. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IntegrityError } from '../../errors.ts';
import type { Manifest } from '../../manifest.ts';
import { PACKED_MANIFEST, readPackedManifest } from '../../packed/manifest.ts';
import { currentKey, currentText, publishedKey } from '../../published.ts';
import { bufferSource } from '../../sources/buffer-source.ts';
import { SourceError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { LocalFile, Store } from './store.ts';

export interface PublishOptions {
  readonly folder: string; // of the packed model
  /** Ask the store, send nothing. */
  readonly dryRun: boolean;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly now: () => number; // ms
}

/**
 * Makes the packed model in `folder` the current version of `entry` in the store. The manifest is sent last, and then
 * what is current: a reader finds a whole version, or the one before. Returns the version.
 *
 * Throws   SourceError when it is not packed; IntegrityError, StoreError; the signal's reason when aborted
 */
export async function publish(store: Store, entry: Manifest, options: PublishOptions): Promise<string> {
  const { folder, dryRun, report, signal, now } = options;
  const began = now();
  const { version, files } = await packedFiles(entry, folder);
  let sent = 0;
  for (const { name: file, ...local } of files) {
    const key = publishedKey(entry.name, version, file);
    const to = store.name;
    if (await store.holds(key, local, signal)) {
      report({ event: 'held', file, to });
      continue;
    }
    sent += local.size;
    report({ event: dryRun ? 'would_send' : 'sending', file, to, bytes: local.size });
    if (dryRun) continue;
    await store.putFile(key, local, signal, (done) =>
      report({ event: 'progress', file, done, total: local.size }),
    );
    if (!(await store.holds(key, local, signal)))
      throw new IntegrityError(`${store.name}/${key}`, local.sha256, 'another, or of another length');
  }
  if (!dryRun)
    await store.putBytes(
      currentKey(entry.name),
      new TextEncoder().encode(currentText(entry.name, version)),
      signal,
    );
  const seconds = (now() - began) / 1000;
  report({ event: 'published', model: entry.name, version, to: store.name, dryRun, bytes: sent, seconds });
  return version;
}

/** The files, the manifest last, and its sha256. */
async function packedFiles(
  entry: Manifest,
  folder: string,
): Promise<{ version: string; files: (LocalFile & { readonly name: string })[] }> {
  const path = join(folder, PACKED_MANIFEST);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new SourceError(`${path} is missing: run 'cria pack ${entry.name}' first`);
  });
  const { from, tokenizer, shards } = await readPackedManifest(bufferSource(path, bytes));
  const [{ sha256 }] = entry.files as [Manifest['files'][number]];
  if (sha256 !== undefined && from.sha256 !== sha256)
    throw new IntegrityError(`what ${path} was packed from`, sha256, from.sha256);
  const version = createHash('sha256').update(bytes).digest('hex');
  const manifest = { name: PACKED_MANIFEST, size: bytes.length, sha256: version };
  return {
    version,
    files: [tokenizer.file, ...shards, manifest].map((file) => ({ ...file, path: join(folder, file.name) })),
  };
}
