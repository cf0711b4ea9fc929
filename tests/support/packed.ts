/** Packed models in memory. */
import { readFileSync } from 'node:fs';
import type { Device } from '../../kernels/kernels.ts';
import { nodeHasher } from '../../models/cli/node-hasher.ts';
import { pack } from '../../models/packed/pack.ts';
import type { OpenFile } from '../../models/source.ts';
import { bufferSource } from '../../models/sources/buffer-source.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

export const openIn =
  (files: Files): OpenFile =>
  async (name) => {
    const bytes = files.get(name);
    return bytes && bufferSource(name, bytes);
  };

/** Packs a GGUF file; `shardBytes` small enough cuts tensors. */
export async function packInMemory(device: Device, path: string, shardBytes?: number): Promise<Files> {
  const files = new Map<string, { size: number; readonly chunks: Uint8Array[] }>();
  await pack(device, bufferSource(path, readFileSync(path)), {
    createHasher: nodeHasher,
    async write(name, offset, bytes) {
      if (offset === 0) files.set(name, { size: 0, chunks: [] });
      const file = files.get(name)!;
      if (file.size !== offset) throw new Error(`${name}: ${offset} after ${file.size} bytes`);
      file.chunks.push(bytes.slice());
      file.size += bytes.length;
    },
    onProgress: () => {},
    ...(shardBytes === undefined ? {} : { shardBytes }),
  });
  return new Map([...files].map(([name, { chunks }]) => [name, new Uint8Array(Buffer.concat(chunks))]));
}
