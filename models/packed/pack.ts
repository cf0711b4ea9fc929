/** Writes a model's packed form: what a device makes of a GGUF's rows, once instead of at every start. */
import type { Device } from '../../kernels/kernels.ts';
import { FormatError } from '../errors.ts';
import { readGguf } from '../gguf/gguf.ts';
import type { GgufTensor } from '../gguf/tensors.ts';
import { type CreateHasher, hashedSource } from '../hashed-source.ts';
import { CHAT_TEMPLATE, configFromGguf } from '../llama/config.ts';
import { floats } from '../llama/load-weights.ts';
import type { ByteSource } from '../source.ts';
import { type Delivery, deliver, type Receiver } from '../tensors/deliver.ts';
import { atOnce, inGroups } from '../tensors/receivers.ts';
import { vocabularyFromGguf } from '../tokenizer/from-gguf.ts';
import type { IndexedVocabulary } from '../tokenizer/vocabulary.ts';
import { PACKED_MANIFEST, type PackedFile, type PackedManifest } from './manifest.ts';
import { divide, type FlatTensor, SHARD_BYTES, safetensorsHeader } from './shards.ts';
import { factsOf, tablesOf } from './tokenizer.ts';

export interface PackOptions {
  readonly createHasher: CreateHasher;
  /** Called for each file in turn, with its bytes in order; a file begins at offset 0. The manifest comes last. */
  readonly write: (file: string, offset: number, bytes: Uint8Array) => Promise<void>;
  /** Hears bytes of weights done of bytes in all; what it throws ends the packing. */
  readonly onProgress: (done: number, total: number) => void;
  /** Told the GGUF's sha256 before the manifest is written. May throw. */
  readonly onHash?: (sha256: string) => void;
  readonly shardBytes?: number; // a multiple of 64
}

const TOKENIZER = 'tokenizer.safetensors';
const CHUNK_BYTES = 4 << 20; // that leave the device at once

/**
 * Packs every tensor of a GGUF with `device`. One tensor at a time is on it.
 *
 * Throws   FormatError when the file is not a Llama; what `write` throws
 */
export async function pack(
  device: Device,
  source: ByteSource,
  options: PackOptions,
): Promise<PackedManifest> {
  const { createHasher, onProgress, onHash, shardBytes = SHARD_BYTES } = options;
  const gguf = await readGguf(source);
  const { metadata } = gguf;
  const config = configFromGguf(metadata);
  const vocabulary = vocabularyFromGguf(gguf);
  const tensors = [...gguf.tensors.values()].sort((a, b) => a.offset - b.offset);
  const flat = tensors.map((tensor) => flattened(device, tensor));

  const writer = new FileWriter(options);
  const file = await writeTables(writer, vocabulary);
  const weights = new ShardWriter(writer, divide(flat, shardBytes));
  let sha256 = '';
  const hashed = hashedSource(source, createHasher, (hash) => {
    sha256 = hash;
    onHash?.(hash);
  });
  const deliveries = tensors.map(
    (tensor): Delivery => ({ ...tensor, source: hashed, begin: () => packing(device, tensor, weights) }),
  );
  await deliver(deliveries, onProgress);

  const manifest = {
    layout: device.layout,
    from: { name: plainName(source.name), size: source.size, sha256 },
    config,
    chatTemplate: metadata.has(CHAT_TEMPLATE) ? metadata.string(CHAT_TEMPLATE) : undefined,
    tokenizer: { file, ...factsOf(vocabulary) },
    tensors: tensors.map(({ name, type, shape }) => ({ name, type, shape: shape.toReversed() })),
    shards: weights.files,
  };
  await options.write(PACKED_MANIFEST, 0, new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`));
  return manifest;
}

function flattened(device: Device, { name, type, shape, offset }: GgufTensor): FlatTensor {
  const [cols, rows] = shape as [number, number?];
  if (shape.length > 2) throw new FormatError('llama', offset, `${name} has ${shape.length} dimensions`);
  if (rows !== undefined) return { name, dtype: 'U8', bytes: device.packedBytes(type, rows, cols) };
  if (type !== 'f32' && type !== 'bf16' && type !== 'f16')
    throw new FormatError('llama', offset, `${name} is ${type}, a vector is kept in floats`);
  return { name, dtype: 'F32', bytes: 4 * cols };
}

/** Takes a tensor's rows and writes what the device makes of them. */
function packing(device: Device, { type, shape, bytes }: GgufTensor, weights: ShardWriter): Receiver {
  const [cols, rows] = shape as [number, number?];
  if (rows === undefined)
    return atOnce(bytes, (all) => weights.append(new Uint8Array(floats(type, all).buffer)));

  const weight = device.weight(type, rows, cols);
  const groups = inGroups(device, weight);
  return {
    push: groups.push,
    async end() {
      await groups.end();
      for (let at = 0; at < weight.bytes; at += CHUNK_BYTES) {
        const length = Math.min(CHUNK_BYTES, weight.bytes - at);
        await weights.append(await device.readPacked(weight, at, length));
      }
      device.free(weight);
    },
  };
}

async function writeTables(writer: FileWriter, vocabulary: IndexedVocabulary): Promise<PackedFile> {
  const tables = tablesOf(vocabulary);
  writer.begin(TOKENIZER);
  await writer.append(safetensorsHeader(tables));
  for (const { table } of tables)
    await writer.append(new Uint8Array(table.buffer, table.byteOffset, table.byteLength));
  return writer.end();
}

/** Writes files one after the other, and keeps account of them. */
class FileWriter {
  readonly #options: PackOptions;
  #name = '';
  #size = 0;
  #hasher: ReturnType<CreateHasher>;

  constructor(options: PackOptions) {
    this.#options = options;
    this.#hasher = options.createHasher();
  }

  begin(name: string): void {
    this.#name = name;
    this.#size = 0;
    this.#hasher = this.#options.createHasher();
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#hasher.update(bytes);
    await this.#options.write(this.#name, this.#size, bytes);
    this.#size += bytes.length;
  }

  async end(): Promise<PackedFile> {
    return { name: this.#name, size: this.#size, sha256: await this.#hasher.digest() };
  }
}

/** Lets the tensors' bytes run through the shards, each a file with its header. */
class ShardWriter {
  readonly files: PackedFile[] = [];
  readonly #writer: FileWriter;
  readonly #shards: readonly (readonly FlatTensor[])[];
  #left = 0; // bytes of the shard at hand that are still to come

  constructor(writer: FileWriter, shards: readonly (readonly FlatTensor[])[]) {
    this.#writer = writer;
    this.#shards = shards;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let used = 0; used < bytes.length; ) {
      if (this.#left === 0) await this.#begin();
      const take = Math.min(this.#left, bytes.length - used);
      await this.#writer.append(bytes.subarray(used, used + take));
      used += take;
      this.#left -= take;
      if (this.#left === 0) this.files.push(await this.#writer.end());
    }
  }

  async #begin(): Promise<void> {
    const parts = this.#shards[this.files.length]!;
    this.#left = parts.reduce((sum, part) => sum + part.bytes, 0);
    this.#writer.begin(`weights-${this.files.length + 1}-of-${this.#shards.length}.safetensors`);
    await this.#writer.append(safetensorsHeader(parts));
  }
}

/** The last part of a path, without what a file name in a manifest may not have. */
function plainName(path: string): string {
  return path.replace(/^.*[/\\]/, '').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9._-]/g, '_');
}
