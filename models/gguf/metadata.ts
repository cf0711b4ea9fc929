import { FormatError } from '../errors.ts';
import { type HeaderCursor, MAX_STRING_BYTES } from './header-cursor.ts';
import { TextList } from './text-list.ts';

/** Numbers as the file types them; 64-bit integers as doubles, which hold them exactly, and bools as 0 and 1. */
export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

export type GgufValue = string | number | boolean | TextList | NumberArray;

/** The key-value part of a header. Getters throw FormatError, naming the key, when it is missing or of another type. */
export interface GgufMetadata {
  readonly keys: readonly string[];
  has(key: string): boolean;
  /** Whatever type it is. */
  value(key: string): GgufValue | undefined;
  string(key: string): string;
  number(key: string): number;
  bool(key: string): boolean;
  stringArray(key: string): TextList;
  numberArray(key: string): NumberArray;
}

/** A value and where its key begins, for messages. */
export interface GgufEntry {
  readonly offset: number;
  readonly value: GgufValue;
}

const MAX_KEYS = 65_536; // real files have some 40
const MAX_KEY_BYTES = 65_535; // ggml docs/gguf.md

const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

interface NumberType {
  readonly bytes: number;
  readonly get: (view: DataView, at: number) => number;
  readonly array: (length: number) => NumberArray;
}

/** GGUF's number types by id; ggml docs/gguf.md, enum gguf_metadata_value_type. */
const NUMBERS: ReadonlyMap<number, NumberType> = new Map<number, NumberType>([
  [0, { bytes: 1, get: (v, at) => v.getUint8(at), array: (n) => new Uint8Array(n) }],
  [1, { bytes: 1, get: (v, at) => v.getInt8(at), array: (n) => new Int8Array(n) }],
  [2, { bytes: 2, get: (v, at) => v.getUint16(at, true), array: (n) => new Uint16Array(n) }],
  [3, { bytes: 2, get: (v, at) => v.getInt16(at, true), array: (n) => new Int16Array(n) }],
  [4, { bytes: 4, get: (v, at) => v.getUint32(at, true), array: (n) => new Uint32Array(n) }],
  [5, { bytes: 4, get: (v, at) => v.getInt32(at, true), array: (n) => new Int32Array(n) }],
  [6, { bytes: 4, get: (v, at) => v.getFloat32(at, true), array: (n) => new Float32Array(n) }],
  [BOOL, { bytes: 1, get: (v, at) => v.getUint8(at), array: (n) => new Uint8Array(n) }],
  [10, { bytes: 8, get: (v, at) => Number(v.getBigUint64(at, true)), array: (n) => new Float64Array(n) }],
  [11, { bytes: 8, get: (v, at) => Number(v.getBigInt64(at, true)), array: (n) => new Float64Array(n) }],
  [12, { bytes: 8, get: (v, at) => v.getFloat64(at, true), array: (n) => new Float64Array(n) }],
]);
const INT64 = new Set([10, 11]);

/** Reads `count` keys and values. Throws FormatError before it allocates anything sized by the file. */
export async function readMetadata(cursor: HeaderCursor, count: number): Promise<Map<string, GgufEntry>> {
  if (count > MAX_KEYS) cursor.fail(`${count} keys, limit ${MAX_KEYS}`);

  const entries = new Map<string, GgufEntry>();
  for (let i = 0; i < count; i++) {
    const offset = cursor.offset;
    const key = await cursor.string(MAX_KEY_BYTES);
    if (entries.has(key)) cursor.fail(`key '${key}' is there twice`, offset);
    entries.set(key, { offset, value: await readValue(cursor, await cursor.u32()) });
  }
  return entries;
}

/** Typed access to a header's entries. */
export function metadataOf(entries: ReadonlyMap<string, GgufEntry>): GgufMetadata {
  const get = <T extends GgufValue>(key: string, wanted: string, is: (value: GgufValue) => value is T): T => {
    const entry = entries.get(key);
    if (entry === undefined) throw new FormatError('gguf', 0, `key '${key}' is missing`);
    if (!is(entry.value)) {
      throw new FormatError('gguf', entry.offset, `key '${key}' is ${kindOf(entry.value)}, not ${wanted}`);
    }
    return entry.value;
  };
  return {
    keys: [...entries.keys()],
    has: (key) => entries.has(key),
    value: (key) => entries.get(key)?.value,
    string: (key) => get(key, 'a string', (value) => typeof value === 'string'),
    number: (key) => get(key, 'a number', (value) => typeof value === 'number'),
    bool: (key) => get(key, 'a bool', (value) => typeof value === 'boolean'),
    stringArray: (key) => get(key, 'an array of strings', isStrings),
    numberArray: (key) => get(key, 'an array of numbers', isNumbers),
  };
}

async function readValue(cursor: HeaderCursor, type: number): Promise<GgufValue> {
  if (type === STRING) return cursor.string(MAX_STRING_BYTES);
  if (type === ARRAY) return readArray(cursor);

  const number = NUMBERS.get(type);
  if (number === undefined) cursor.fail(`value type ${type} is not one of GGUF's`, cursor.offset - 4);
  await cursor.fill(number.bytes);
  const value = takeNumber(cursor, type, number);
  return type === BOOL ? value === 1 : value;
}

async function readArray(cursor: HeaderCursor): Promise<TextList | NumberArray> {
  const start = cursor.offset;
  const type = await cursor.u32();
  const count = await cursor.u64();
  if (type === STRING) return cursor.strings(count);
  if (type === ARRAY) cursor.fail('an array of arrays', start);

  const number = NUMBERS.get(type);
  if (number === undefined) cursor.fail(`value type ${type} is not one of GGUF's`, start);
  cursor.expect(count, number.bytes, 'numbers');
  const values = number.array(count);
  for (let i = 0; i < count; i++) {
    if (!cursor.has(number.bytes)) await cursor.fill(number.bytes);
    values[i] = takeNumber(cursor, type, number);
  }
  return values;
}

function takeNumber(cursor: HeaderCursor, type: number, { bytes, get }: NumberType): number {
  const start = cursor.offset;
  const value = cursor.take(bytes, get);
  if (type === BOOL && value > 1) cursor.fail(`bool ${value} is neither 0 nor 1`, start);
  if (INT64.has(type) && !Number.isSafeInteger(value)) cursor.fail(`integer ${value} is beyond 2^53`, start);
  return value;
}

function isStrings(value: GgufValue): value is TextList {
  return value instanceof TextList;
}

function isNumbers(value: GgufValue): value is NumberArray {
  return ArrayBuffer.isView(value);
}

function kindOf(value: GgufValue): string {
  if (isStrings(value)) return 'an array of strings';
  if (isNumbers(value)) return 'an array of numbers';
  return `a ${typeof value}`;
}
