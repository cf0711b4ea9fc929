import { type QuantType, rowBytes } from '../../kernels/quant/types.ts';
import { ggmlTypeId } from '../../models/gguf/ggml-type.ts';

/** Numbers are written as u32, or f32 when they are no whole number or say so; arrays as their own type. */
export type MetadataValue =
  | string
  | number
  | { readonly f32: number }
  | boolean
  | readonly string[]
  | Int32Array
  | Float32Array;

export interface TensorSpec {
  readonly name: string;
  readonly type: QuantType;
  readonly shape: readonly number[]; // fastest dimension first
}

export interface PlacedTensor {
  readonly name: string;
  readonly offset: number; // in the file
  readonly bytes: number;
}

export interface GgufLayout {
  /** Padded to where the data section begins. */
  readonly header: Uint8Array;
  readonly tensors: readonly PlacedTensor[];
  readonly size: number; // of the whole file
}

const ALIGNMENT = 32;
const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 };

/** The header of a GGUF file, and where each tensor's bytes go; between them are zeros. For files too big to hold. */
export function ggufLayout(
  metadata: Record<string, MetadataValue>,
  specs: readonly TensorSpec[],
): GgufLayout {
  const out = new ByteWriter();
  out.raw(new TextEncoder().encode('GGUF'));
  out.u32(3);
  out.u64(specs.length);
  out.u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    out.string(key);
    writeValue(out, value);
  }

  const placed: PlacedTensor[] = [];
  let end = 0; // of the data section so far
  for (const { name, type, shape } of specs) {
    const offset = align(end);
    const bytes = rowBytes(
      type,
      shape.reduce((a, b) => a * b, 1),
    );
    out.string(name);
    out.u32(shape.length);
    for (const size of shape) out.u64(size);
    out.u32(ggmlTypeId(type));
    out.u64(offset);
    placed.push({ name, offset, bytes });
    end = offset + bytes;
  }

  const header = new Uint8Array(align(out.length));
  header.set(out.bytes());
  return {
    header,
    tensors: placed.map((tensor) => ({ ...tensor, offset: header.length + tensor.offset })),
    size: header.length + end,
  };
}

/** A whole GGUF file in memory. */
export function writeGguf({
  metadata,
  tensors,
}: {
  metadata: Record<string, MetadataValue>;
  tensors: readonly (TensorSpec & { readonly data: Uint8Array })[];
}): Uint8Array {
  const { header, tensors: placed, size } = ggufLayout(metadata, tensors);
  const file = new Uint8Array(size);
  file.set(header);
  for (const [i, { name, offset, bytes }] of placed.entries()) {
    const { data } = tensors[i]!;
    if (data.length !== bytes) throw new RangeError(`${name} takes ${bytes} bytes, got ${data.length}`);
    file.set(data, offset);
  }
  return file;
}

/** A whole GGUF file, piece by piece in order: `tensorBytes` is asked for each tensor when its turn comes. */
export async function streamGguf(
  layout: GgufLayout,
  tensorBytes: (tensor: PlacedTensor) => Uint8Array | Promise<Uint8Array>,
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  await sink(layout.header);
  let at = layout.header.length;
  for (const tensor of layout.tensors) {
    if (tensor.offset > at) await sink(new Uint8Array(tensor.offset - at));
    await sink(await tensorBytes(tensor));
    at = tensor.offset + tensor.bytes;
  }
}

function writeValue(out: ByteWriter, value: MetadataValue): void {
  if (typeof value === 'string') {
    out.u32(TYPE.string);
    out.string(value);
  } else if (typeof value === 'boolean') {
    out.u32(TYPE.bool);
    out.raw(Uint8Array.of(value ? 1 : 0));
  } else if (typeof value === 'number') {
    const whole = Number.isInteger(value);
    out.u32(whole ? TYPE.u32 : TYPE.f32);
    if (whole) out.u32(value);
    else out.f32(value);
  } else if ('f32' in value) {
    out.u32(TYPE.f32);
    out.f32(value.f32);
  } else {
    out.u32(TYPE.array);
    writeArray(out, value);
  }
}

function writeArray(out: ByteWriter, values: readonly string[] | Int32Array | Float32Array): void {
  out.u32(values instanceof Int32Array ? TYPE.i32 : values instanceof Float32Array ? TYPE.f32 : TYPE.string);
  out.u64(values.length);
  if (values instanceof Int32Array) for (const value of values) out.u32(value);
  else if (values instanceof Float32Array) for (const value of values) out.f32(value);
  else for (const value of values) out.string(value);
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Little-endian bytes, appended. */
class ByteWriter {
  private buffer = new Uint8Array(4096);
  length = 0;

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  raw(bytes: Uint8Array): void {
    const at = this.grow(bytes.length);
    this.buffer.set(bytes, at);
  }

  u32(value: number): void {
    const at = this.grow(4);
    new DataView(this.buffer.buffer).setUint32(at, value, true);
  }

  f32(value: number): void {
    const at = this.grow(4);
    new DataView(this.buffer.buffer).setFloat32(at, value, true);
  }

  u64(value: number): void {
    const at = this.grow(8);
    new DataView(this.buffer.buffer).setBigUint64(at, BigInt(value), true);
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.raw(bytes);
  }

  private grow(bytes: number): number {
    const at = this.length;
    this.length += bytes;
    if (this.length > this.buffer.length) {
      const buffer = new Uint8Array(2 * this.length);
      buffer.set(this.buffer);
      this.buffer = buffer;
    }
    return at;
  }
}
