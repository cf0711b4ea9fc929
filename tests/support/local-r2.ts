/**
 * Puts weights where a Worker on this machine looks for them. In a workerd of its own, gone afterwards: what a copy
 * leaves in a process's memory, some 200 MiB, is then not the server's.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import type { Manifest } from '../../models/manifest.ts';
import { PACKED_FOLDER, PACKED_MANIFEST, readPackedManifest } from '../../models/packed/manifest.ts';
import { bufferSource } from '../../models/sources/buffer-source.ts';
import { readWorker } from '../../scripts/wrangler-toml.ts';

export interface PutWeightsOptions {
  /** Where the local R2 keeps its objects. No other workerd may be using it. */
  readonly storage: string;
  readonly manifest: Manifest;
  readonly path: string; // of the GGUF file, or of a packed folder
  readonly onProgress: (done: number, total: number) => void; // bytes of the file at hand
}

/** A file on its way into the bucket. */
export interface Item {
  readonly key: string;
  readonly path: string;
  readonly sha256: string | undefined;
}

const STOCK = join(import.meta.dirname, 'stock-worker.mjs');

/** Copies a model into the local R2, as far as it is not there. Returns whether it had to. */
export async function putWeights({
  storage,
  manifest,
  path,
  onProgress,
}: PutWeightsOptions): Promise<boolean> {
  const packed = (await stat(path)).isDirectory();
  return packed
    ? putItems(storage, await packedItems(manifest, path), onProgress)
    : putItems(storage, [ggufItem(manifest, path)], onProgress, packedKey(manifest, PACKED_MANIFEST));
}

/** Copies files into the local R2, as far as they are not there, and removes one key. Returns whether it copied any. */
export async function putItems(
  storage: string,
  items: readonly Item[],
  onProgress: PutWeightsOptions['onProgress'],
  remove?: string,
): Promise<boolean> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...readWorker(),
      resourcePersistencePath: storage,
      cf: false, // Miniflare would fetch a sample of request.cf
      telemetry: { enabled: false },
      modules: [{ type: 'ESModule', path: 'stock.mjs', contents: await readFile(STOCK) }],
    }),
  );
  try {
    if (remove !== undefined) await miniflare.dispatchFetch(urlOf(remove), { method: 'DELETE' });
    let copied = false;
    for (const item of items) copied = (await put(miniflare, item, onProgress)) || copied;
    return copied;
  } finally {
    await miniflare.dispose();
  }
}

function ggufItem(manifest: Manifest, path: string): Item {
  const { name, sha256 } = manifest.files[0]!;
  return { key: `${manifest.name}/${name}`, path, sha256 };
}

/** The manifest last: where it is, everything is. */
async function packedItems(manifest: Manifest, folder: string): Promise<Item[]> {
  const path = join(folder, PACKED_MANIFEST);
  const bytes = await readFile(path);
  const { tokenizer, shards } = await readPackedManifest(bufferSource(path, bytes));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return [tokenizer.file, ...shards, { name: PACKED_MANIFEST, sha256 }].map((file) => ({
    key: packedKey(manifest, file.name),
    path: join(folder, file.name),
    sha256: file.sha256,
  }));
}

const packedKey = (manifest: Manifest, file: string) => `${manifest.name}/${PACKED_FOLDER}/${file}`;
const urlOf = (key: string) => `http://stock/${encodeURIComponent(key)}`;

async function put(
  miniflare: Miniflare,
  { key, path, sha256 }: Item,
  onProgress: PutWeightsOptions['onProgress'],
): Promise<boolean> {
  const { size } = await stat(path);
  const present = (await (await miniflare.dispatchFetch(urlOf(key))).json()) as {
    size: number;
    sha256?: string;
  } | null;
  if (present?.size === size && (sha256 === undefined || present.sha256 === sha256)) return false;

  const reply = await miniflare.dispatchFetch(urlOf(key), {
    method: 'PUT',
    headers: { 'x-size': String(size), ...(sha256 === undefined ? {} : { 'x-sha256': sha256 }) },
    body: fileBody(path, size, onProgress),
    duplex: 'half',
  });
  if (!reply.ok) throw new Error(`the local R2 did not take ${path}: ${await reply.text()}`);
  return true;
}

async function* fileBody(path: string, size: number, onProgress: (done: number, total: number) => void) {
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    yield chunk as Buffer;
    done += (chunk as Buffer).length;
    onProgress(done, size);
  }
}
