/**
 * safetensors: header in, places out. Nothing of the weights is read.
 *
 * The file is hostile until shown otherwise. Tensors must fill the data section without holes, as the reference reader
 * also asks; that also refuses most files that name a tensor twice, which JSON itself would let pass.
 *
 * Source   github.com/huggingface/safetensors README, section Format
 */
import type { QuantType } from '../kernels/quant/types.ts';
import { FormatError } from './errors.ts';
import type { ByteSource } from './source.ts';

export interface SafetensorsTensor {
  readonly name: string;
  /** As the file spells it: BF16, F32, I64, … */
  readonly dtype: string;
  /** Slowest dimension first, as PyTorch's: a matrix is [out, in], its rows contiguous. */
  readonly shape: readonly number[];
  /** First byte, from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 8 << 20; // Llama 3.2 90B Vision as one file would need 0.2 MB
const METADATA = '__metadata__';

const DTYPES: ReadonlyMap<string, { readonly bytes: number; readonly type?: QuantType }> = new Map([
  ['F32', { bytes: 4, type: 'f32' }],
  ['F16', { bytes: 2, type: 'f16' }],
  ['BF16', { bytes: 2, type: 'bf16' }],
  ['F64', { bytes: 8 }],
  ['I64', { bytes: 8 }],
  ['U64', { bytes: 8 }],
  ['I32', { bytes: 4 }],
  ['U32', { bytes: 4 }],
  ['I16', { bytes: 2 }],
  ['U16', { bytes: 2 }],
  ['I8', { bytes: 1 }],
  ['U8', { bytes: 1 }],
  ['BOOL', { bytes: 1 }],
  ['F8_E4M3', { bytes: 1 }],
  ['F8_E5M2', { bytes: 1 }],
]);

/**
 * Reads a safetensors header, in one read of at most 8 MiB after its length.
 *
 * Throws   FormatError when the file is not sound
 */
export async function readSafetensors(source: ByteSource): Promise<Safetensors> {
  if (source.size < LENGTH_BYTES)
    fail(0, `${source.size} bytes, the header's length alone takes ${LENGTH_BYTES}`);
  const length = u64(await source.read(0, LENGTH_BYTES));
  if (length > MAX_HEADER_BYTES) fail(0, `header of ${length} bytes, limit ${MAX_HEADER_BYTES}`);
  const dataStart = LENGTH_BYTES + length;
  if (dataStart > source.size) fail(0, `header ends at ${dataStart}, the file at ${source.size}`);

  const metadata = new Map<string, string>();
  const tensors: SafetensorsTensor[] = [];
  for (const [name, value] of Object.entries(parseHeader(await source.read(LENGTH_BYTES, length)))) {
    if (name === METADATA) readMetadata(value, metadata);
    else tensors.push(readTensor(name, value, dataStart, source.size));
  }
  checkFilled(tensors, dataStart, source.size);
  return { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

/** The format of a tensor's numbers. Throws FormatError, naming the dtype, when weights are not read in it. */
export function weightType({ name, dtype, offset }: SafetensorsTensor): QuantType {
  return (
    DTYPES.get(dtype)?.type ?? fail(offset, `tensor '${name}' has dtype ${dtype}, which is not read here`)
  );
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    fail(LENGTH_BYTES, `header is not JSON: ${(error as Error).message}`);
  }
  return isRecord(header) ? header : fail(LENGTH_BYTES, 'header is not a JSON object');
}

function readMetadata(value: unknown, metadata: Map<string, string>): void {
  if (!isRecord(value)) fail(LENGTH_BYTES, `${METADATA} is not an object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') fail(LENGTH_BYTES, `${METADATA} '${key}' is not a string`);
    metadata.set(key, text);
  }
}

function readTensor(name: string, value: unknown, dataStart: number, fileSize: number): SafetensorsTensor {
  const refuse = (problem: string): never => fail(LENGTH_BYTES, `tensor '${name}' ${problem}`);
  if (!isRecord(value)) return refuse('is not an object');

  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') return refuse('has no dtype');
  if (!isSizes(shape)) return refuse('has no shape of whole numbers');
  if (!isSizes(offsets) || offsets.length !== 2) return refuse('has no pair of data_offsets');

  const [begin, end] = offsets as [number, number];
  if (begin > end || dataStart + end > fileSize) {
    refuse(`lies at ${begin} to ${end} of a data section of ${fileSize - dataStart} bytes`);
  }
  const perElement = DTYPES.get(dtype)?.bytes;
  const needed = shape.reduce((product, size) => product * size, perElement ?? 0);
  if (perElement !== undefined && needed !== end - begin) {
    refuse(`of ${dtype} [${shape}] takes ${needed} bytes, has ${end - begin}`);
  }
  return { name, dtype, shape, offset: dataStart + begin, bytes: end - begin };
}

/** Throws FormatError at the first hole or overlap between the data section's start and the file's end. */
function checkFilled(tensors: readonly SafetensorsTensor[], dataStart: number, fileSize: number): void {
  let at = dataStart;
  for (const { name, offset, bytes } of tensors.toSorted(
    (a, b) => a.offset - b.offset || a.bytes - b.bytes,
  )) {
    if (offset !== at) fail(offset, `tensor '${name}' does not begin where the one before it ends, at ${at}`);
    at = offset + bytes;
  }
  if (at !== fileSize) fail(at, `the last tensor ends at ${at}, the file at ${fileSize}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** Little-endian; above 2^53 inexact, and above every limit here. */
function u64(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Number(view.getBigUint64(0, true));
}

function fail(offset: number, problem: string): never {
  throw new FormatError('safetensors', offset, problem);
}
