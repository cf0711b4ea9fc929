/**
 * Puts weights where a Worker on this machine looks for them. In a workerd of its own, gone afterwards: what a copy
 * leaves in a process's memory, some 200 MiB, is then not the server's.
 */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import type { Manifest } from '../models/manifest.ts';
import { readWorker } from './wrangler-toml.ts';

export interface PutWeightsOptions {
  /** Where the local R2 keeps its objects. No other workerd may be using it. */
  readonly storage: string;
  readonly manifest: Manifest;
  readonly path: string;
  readonly onProgress: (done: number, total: number) => void; // bytes
}

const STOCK = join(import.meta.dirname, 'stock-worker.mjs');

/** Copies a model's file into the local R2, unless it is there. Returns whether it had to. */
export async function putWeights({
  storage,
  manifest,
  path,
  onProgress,
}: PutWeightsOptions): Promise<boolean> {
  const { name, sha256 } = manifest.files[0]!;
  const { size } = await stat(path);
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
    const url = `http://stock/${encodeURIComponent(`${manifest.name}/${name}`)}`;
    const present = (await (await miniflare.dispatchFetch(url)).json()) as {
      size: number;
      sha256?: string;
    } | null;
    if (present?.size === size && (sha256 === undefined || present.sha256 === sha256)) return false;

    const reply = await miniflare.dispatchFetch(url, {
      method: 'PUT',
      headers: { 'x-size': String(size), ...(sha256 === undefined ? {} : { 'x-sha256': sha256 }) },
      body: fileBody(path, size, onProgress),
      duplex: 'half',
    });
    if (!reply.ok) throw new Error(`the local R2 did not take ${path}: ${await reply.text()}`);
    return true;
  } finally {
    await miniflare.dispose();
  }
}

async function* fileBody(path: string, size: number, onProgress: (done: number, total: number) => void) {
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    yield chunk as Buffer;
    done += (chunk as Buffer).length;
    onProgress(done, size);
  }
}
