/** A packed model's files, checked against its manifest and the device before any memory is taken for weights. */
import type { Device } from '../../kernels/kernels.ts';
import { QUANT } from '../../kernels/quant/types.ts';
import { FormatError } from '../errors.ts';
import { type CreateHasher, checkedSource } from '../hashed-source.ts';
import type { StoredTensor, TensorPart } from '../llama/load-weights.ts';
import { readSafetensors } from '../safetensors.ts';
import type { ByteSource, OpenFile } from '../source.ts';
import type { BpeTokenizer } from '../tokenizer/bpe-tokenizer.ts';
import type { PackedFile, PackedManifest, PackedTensor } from './manifest.ts';
import { partOf } from './shards.ts';
import { packedTokenizer } from './tokenizer.ts';

export interface PackedModel {
  readonly tokenizer: BpeTokenizer;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** The layout that packed bytes must have, and the room that they take. */
type Packer = Pick<Device, 'layout' | 'packedBytes'>;

interface FoundTensor {
  readonly dtype: string;
  readonly bytes: number;
  readonly parts: readonly TensorPart[];
}

const MAX_TABLES_BYTES = 64 << 20; // Llama 3.2's take 11 MB

/**
 * Opens the files that a manifest names. The tokenizer's sha256 is checked here, a shard's when it is streamed.
 *
 * Throws   FormatError when the layout is not the device's, or files contradict the manifest or each other;
 *          IntegrityError
 */
export async function openPacked(
  device: Packer,
  { layout, from, tokenizer: facts, tensors, shards }: PackedManifest,
  open: OpenFile,
  createHasher: CreateHasher,
): Promise<PackedModel> {
  if (layout !== device.layout)
    fail(
      `${from.name} is packed as '${layout}' and this device reads '${device.layout}': ` +
        `pack it again, with 'cria pack'`,
    );
  const tables = await readAll(await openChecked(facts.file, open, createHasher));
  const tokenizer = await packedTokenizer(tables, facts);

  const found = new Map<string, FoundTensor>();
  for (const shard of shards) await findParts(await openChecked(shard, open, createHasher), found);
  const stored = tensors.map((tensor) => storedAs(device, tensor, found.get(tensor.name)));
  if (found.size > stored.length)
    fail(`there are ${found.size} tensors, the manifest names ${stored.length}`);
  return { tokenizer, tensors: new Map(stored.map((tensor) => [tensor.name, tensor])) };
}

async function openChecked(
  file: PackedFile,
  open: OpenFile,
  createHasher: CreateHasher,
): Promise<ByteSource> {
  const source = (await open(file.name)) ?? fail(`${file.name} is missing`);
  if (source.size !== file.size)
    fail(`${source.name} has ${source.size} bytes, the manifest says ${file.size}`);
  return checkedSource(source, file.sha256, createHasher);
}

async function readAll({ name, size, stream }: ByteSource): Promise<Uint8Array> {
  if (size > MAX_TABLES_BYTES) fail(`${name} has ${size} bytes, limit ${MAX_TABLES_BYTES}`);
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of stream(0, size)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Adds a shard's tensors to those found before. */
async function findParts(source: ByteSource, found: Map<string, FoundTensor>): Promise<void> {
  const { tensors } = await readSafetensors(source);
  for (const { name, dtype, offset, bytes } of [...tensors.values()].sort((a, b) => a.offset - b.offset)) {
    const { tensor, number } = partOf(name);
    const before = found.get(tensor) ?? { dtype, bytes: 0, parts: [] };
    if (number !== before.parts.length + 1)
      fail(`${source.name}: '${name}' is there twice, or not in its order`);
    if (dtype !== before.dtype)
      fail(`${source.name}: '${name}' is ${dtype}, a part before it ${before.dtype}`);
    const parts = [...before.parts, { source, offset, bytes }];
    found.set(tensor, { dtype, bytes: before.bytes + bytes, parts });
  }
}

/** What a matrix or vector of the manifest became. */
function storedAs(
  device: Packer,
  { name, type, shape }: PackedTensor,
  found: FoundTensor | undefined,
): StoredTensor {
  if (found === undefined) return fail(`'${name}' is in no shard`);
  const { dtype, bytes, parts } = found;
  const packed = shape.length === 2;
  const [cols, rows = 1] = shape.toReversed() as [number, number?];
  if (packed && cols % QUANT[type].blockSize !== 0)
    fail(`'${name}' has rows of ${cols}, not whole blocks of ${QUANT[type].blockSize}`);
  const needed = packed ? device.packedBytes(type, rows, cols) : 4 * cols;
  const wanted = packed ? 'U8' : 'F32';
  if (dtype !== wanted || bytes !== needed)
    fail(`'${name}' is ${dtype} of ${bytes} bytes, packed it would be ${wanted} of ${needed}`);
  if (!packed && parts.length > 1) fail(`'${name}' is a vector in ${parts.length} parts`);
  return {
    name,
    type: packed ? type : 'f32',
    rows,
    cols,
    packed,
    parts: parts as readonly TensorPart[] as StoredTensor['parts'],
  };
}

function fail(problem: string): never {
  throw new FormatError('packed', 0, problem);
}
