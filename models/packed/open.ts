/** A packed model's files, checked against each other and against the device before any memory is taken. */
import type { Device } from '../../kernels/kernels.ts';
import { FormatError } from '../errors.ts';
import { type Gguf, readGguf } from '../gguf/gguf.ts';
import { MAX_HEADER_BYTES } from '../gguf/header-cursor.ts';
import type { GgufTensor } from '../gguf/tensors.ts';
import { type CreateHasher, checkedSource } from '../hashed-source.ts';
import type { StoredTensor, TensorPart } from '../llama/load-weights.ts';
import { readSafetensors } from '../safetensors.ts';
import type { ByteSource, OpenFile } from '../source.ts';
import type { PackedFile, PackedManifest } from './manifest.ts';
import { partOf } from './shards.ts';

export interface PackedModel {
  /** The header of the file that was packed; its tensors' places are not places here. */
  readonly gguf: Gguf;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

interface FoundTensor {
  readonly dtype: string;
  readonly bytes: number;
  readonly parts: readonly TensorPart[];
}

/**
 * Opens the files that a manifest names. The header's sha256 is checked here, a shard's when it is streamed.
 *
 * Throws   FormatError when the layout is not the device's, or files contradict the manifest or each other;
 *          IntegrityError
 */
export async function openPacked(
  device: Pick<Device, 'layout' | 'packedBytes'>,
  { layout, from, header, shards }: PackedManifest,
  open: OpenFile,
  createHasher: CreateHasher,
): Promise<PackedModel> {
  if (layout !== device.layout)
    fail(
      `${from.name} is packed as '${layout}' and this device reads '${device.layout}': ` +
        `pack it again, with 'cria pack'`,
    );
  if (header.size > MAX_HEADER_BYTES)
    fail(`${header.name} has ${header.size} bytes, limit ${MAX_HEADER_BYTES}`);
  const headerSource = await openChecked(header, open, createHasher);
  if (headerSource.sha256 === undefined) for await (const _ of headerSource.stream(0, header.size));
  const gguf = await readGguf(headerSource, from.size);

  const found = new Map<string, FoundTensor>();
  for (const shard of shards) await findParts(await openChecked(shard, open, createHasher), gguf, found);
  const tensors = [...found].map(([name, tensor]) => stored(device, gguf.tensors.get(name)!, tensor));
  return { gguf, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
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

/** Adds a shard's tensors to those found before. */
async function findParts(source: ByteSource, gguf: Gguf, found: Map<string, FoundTensor>): Promise<void> {
  const { tensors } = await readSafetensors(source);
  for (const { name, dtype, offset, bytes } of [...tensors.values()].sort((a, b) => a.offset - b.offset)) {
    const { tensor, number } = partOf(name);
    if (!gguf.tensors.has(tensor))
      fail(`${source.name} has a tensor '${name}' that the header does not have`);
    const before = found.get(tensor) ?? { dtype, bytes: 0, parts: [] };
    if (number !== before.parts.length + 1)
      fail(`${source.name}: '${name}' is there twice, or not in its order`);
    if (dtype !== before.dtype)
      fail(`${source.name}: '${name}' is ${dtype}, a part before it ${before.dtype}`);
    const parts = [...before.parts, { source, offset, bytes }];
    found.set(tensor, { dtype, bytes: before.bytes + bytes, parts });
  }
}

/** What a matrix or vector of the header became. */
function stored(
  device: Pick<Device, 'packedBytes'>,
  { name, type, shape }: GgufTensor,
  { dtype, bytes, parts }: FoundTensor,
): StoredTensor {
  const [cols, rows] = shape as [number, number?];
  if (shape.length > 2) fail(`'${name}' has ${shape.length} dimensions`);
  const packed = rows !== undefined;
  const needed = packed ? device.packedBytes(type, rows, cols) : 4 * cols;
  const wanted = packed ? 'U8' : 'F32';
  if (dtype !== wanted || bytes !== needed)
    fail(`'${name}' is ${dtype} of ${bytes} bytes, packed it would be ${wanted} of ${needed}`);
  if (!packed && parts.length > 1) fail(`'${name}' is a vector in ${parts.length} parts`);
  return {
    name,
    type: packed ? type : 'f32',
    rows: rows ?? 1,
    cols,
    packed,
    parts: parts as readonly TensorPart[] as StoredTensor['parts'],
  };
}

function fail(problem: string): never {
  throw new FormatError('packed', 0, problem);
}
