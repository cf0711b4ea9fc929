/** A packed model on disk whose shards are of any size: what a store keeps need not be a model that runs. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKED_MANIFEST, type PackedManifest } from '../../models/packed/manifest.ts';
import { ref } from './backends.ts';
import { packInMemory } from './packed.ts';
import { tinyLlama } from './tiny-llama.ts';

export interface PackedFolder {
  readonly version: string;
  /** By name, the manifest among them. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export async function writePackedFolder(folder: string, shards: readonly Buffer[]): Promise<PackedFolder> {
  const packed = await packInMemory(ref.create(), tinyLlama('f32').path);
  const real = JSON.parse(new TextDecoder().decode(packed.get(PACKED_MANIFEST))) as PackedManifest;
  const named = shards.map(
    (bytes, i) => [`weights-${i + 1}-of-${shards.length}.safetensors`, bytes] as const,
  );
  const manifest = {
    ...real,
    shards: named.map(([name, bytes]) => ({ name, size: bytes.length, sha256: sha256(bytes) })),
  };
  const table = real.tokenizer.file.name;
  const text = Buffer.from(JSON.stringify(manifest));
  const files = new Map([...named, [table, Buffer.from(packed.get(table)!)], [PACKED_MANIFEST, text]]);
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
  return { version: sha256(text), files };
}
