import { QUANT, type QuantType, rowBytes } from '../../kernels/quant/types.ts';
import { ggmlTypeName, quantTypeOf } from './ggml-type.ts';
import type { HeaderCursor } from './header-cursor.ts';

/** One tensor's place in the file. */
export interface GgufTensor {
  readonly name: string;
  readonly type: QuantType;
  /** Fastest dimension first, as ggml's `ne`: a matrix is [in, out], its rows contiguous. */
  readonly shape: readonly number[];
  /** First byte, from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A tensor before the data section's start is known: `offset` counts from there. `infoAt` is where it is described. */
interface TensorInfo extends GgufTensor {
  readonly infoAt: number;
}

const MAX_TENSORS = 65_536; // Llama 3.2 3B has 255
const MAX_NAME_BYTES = 256; // GGML itself stops at 64
const MAX_DIMS = 4; // GGML_MAX_DIMS

/** Reads `count` descriptions. Throws FormatError before it allocates anything sized by the file. */
export async function readTensorInfos(
  cursor: HeaderCursor,
  count: number,
  alignment: number,
): Promise<TensorInfo[]> {
  if (count > MAX_TENSORS) cursor.fail(`${count} tensors, limit ${MAX_TENSORS}`);

  const names = new Set<string>();
  const infos: TensorInfo[] = [];
  for (let i = 0; i < count; i++) {
    const info = await readTensorInfo(cursor, alignment);
    if (names.has(info.name)) cursor.fail(`tensor '${info.name}' is there twice`, info.infoAt);
    names.add(info.name);
    infos.push(info);
  }
  return infos;
}

/** Moves the tensors to where the data section begins. Throws FormatError when one leaves the file or meets another. */
export function placeTensors(
  cursor: HeaderCursor,
  infos: readonly TensorInfo[],
  dataStart: number,
  fileSize: number,
): Map<string, GgufTensor> {
  let previous: TensorInfo | undefined;
  for (const info of infos.toSorted((a, b) => a.offset - b.offset)) {
    const end = dataStart + info.offset + info.bytes;
    if (end > fileSize) {
      cursor.fail(`tensor '${info.name}' ends at ${end}, the file at ${fileSize}`, info.infoAt);
    }
    if (previous !== undefined && previous.offset + previous.bytes > info.offset) {
      cursor.fail(`tensor '${info.name}' overlaps '${previous.name}'`, info.infoAt);
    }
    previous = info;
  }
  return new Map(
    infos.map(({ name, type, shape, offset, bytes }) => [
      name,
      { name, type, shape, offset: dataStart + offset, bytes },
    ]),
  );
}

async function readTensorInfo(cursor: HeaderCursor, alignment: number): Promise<TensorInfo> {
  const infoAt = cursor.offset;
  const name = await cursor.string(MAX_NAME_BYTES);
  const shape = await readShape(cursor, name, infoAt);

  const typeId = await cursor.u32();
  const type = quantTypeOf(typeId);
  if (type === undefined) {
    cursor.fail(`tensor '${name}' has type ${ggmlTypeName(typeId)}, which is not read here`, infoAt);
  }
  const { blockSize } = QUANT[type];
  if (shape[0]! % blockSize !== 0) {
    cursor.fail(`tensor '${name}' has rows of ${shape[0]}, not whole blocks of ${blockSize}`, infoAt);
  }

  const offset = await cursor.u64();
  if (offset % alignment !== 0) {
    cursor.fail(`tensor '${name}' begins at ${offset}, not a multiple of ${alignment}`, infoAt);
  }
  const bytes = rowBytes(
    type,
    shape.reduce((product, size) => product * size, 1),
  );
  return { name, type, shape, offset, bytes, infoAt };
}

async function readShape(cursor: HeaderCursor, name: string, infoAt: number): Promise<number[]> {
  const dims = await cursor.u32();
  if (dims < 1 || dims > MAX_DIMS) {
    cursor.fail(`tensor '${name}' has ${dims} dimensions, not 1 to ${MAX_DIMS}`, infoAt);
  }
  const shape: number[] = [];
  let elements = 1;
  for (let i = 0; i < dims; i++) {
    const size = await cursor.u64();
    elements *= size;
    if (size === 0 || elements > Number.MAX_SAFE_INTEGER) {
      cursor.fail(`tensor '${name}' has a dimension of ${size}`, infoAt);
    }
    shape.push(size);
  }
  return shape;
}
