/**
 * GGUF version 3: header in, places out. Nothing of the weights is read.
 *
 * The file is hostile until shown otherwise: every count, length, dimension and offset is checked against the file's
 * size and a fixed limit before memory is taken for it.
 *
 * Source   ggml docs/gguf.md
 */
import type { ByteSource } from '../source.ts';
import { HeaderCursor } from './header-cursor.ts';
import { type GgufEntry, type GgufMetadata, metadataOf, readMetadata } from './metadata.ts';
import { type GgufTensor, placeTensors, readTensorInfos } from './tensors.ts';

export interface Gguf {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 0x46554747; // "GGUF" read as little-endian u32
const VERSION = 3;
const BIG_ENDIAN_VERSION = 0x03000000;
const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 1 << 20;

/**
 * Reads a GGUF header, as one stream that ends with the header.
 *
 * Throws   FormatError, with the byte offset, when the file is not sound GGUF v3 or holds a type not read here
 */
export async function readGguf(source: ByteSource): Promise<Gguf> {
  await using cursor = new HeaderCursor(source);
  if ((await cursor.u32()) !== MAGIC) cursor.fail('magic is not "GGUF"', 0);
  const version = await cursor.u32();
  if (version === BIG_ENDIAN_VERSION) cursor.fail('big-endian, this reader knows little-endian', 4);
  if (version !== VERSION) cursor.fail(`version ${version}, this reader knows ${VERSION}`, 4);

  const tensorCount = await cursor.u64();
  const keyCount = await cursor.u64();
  const entries = await readMetadata(cursor, keyCount);
  const alignment = alignmentOf(cursor, entries.get('general.alignment'));
  const infos = await readTensorInfos(cursor, tensorCount, alignment);

  const dataStart = Math.ceil(cursor.offset / alignment) * alignment;
  return { metadata: metadataOf(entries), tensors: placeTensors(cursor, infos, dataStart, source.size) };
}

function alignmentOf(cursor: HeaderCursor, entry: GgufEntry | undefined): number {
  if (entry === undefined) return DEFAULT_ALIGNMENT;
  const { value, offset } = entry;
  if (typeof value !== 'number') cursor.fail('general.alignment is not a number', offset);
  if (value < 1 || value > MAX_ALIGNMENT || !Number.isInteger(Math.log2(value))) {
    cursor.fail(`general.alignment is ${value}, not a power of two up to ${MAX_ALIGNMENT}`, offset);
  }
  return value;
}
