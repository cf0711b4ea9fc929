/** A tokenizer's tables in a safetensors file: ready to be used where they lie, once they are known to be sound. */
import { FormatError } from '../errors.ts';
import { readSafetensors, type SafetensorsTensor } from '../safetensors.ts';
import { bufferSource } from '../sources/buffer-source.ts';
import { type BpeTokenizer, tokenizerOf } from '../tokenizer/bpe-tokenizer.ts';
import { ByteIndex } from '../tokenizer/byte-index.ts';
import { MergeTable } from '../tokenizer/merge-table.ts';
import type { IndexedVocabulary } from '../tokenizer/vocabulary.ts';
import type { PackedTokenizer } from './manifest.ts';
import type { FlatTensor } from './shards.ts';

type Table = Uint8Array | Uint32Array | Int32Array;

const DTYPES = { U8: Uint8Array, U32: Uint32Array, I32: Int32Array };

/** The tables as tensors, those of four-byte numbers first, so that all lie aligned. */
export function tablesOf({ index, merges }: IndexedVocabulary): (FlatTensor & { readonly table: Table })[] {
  const i32 = (name: string, table: Int32Array) => ({
    name,
    dtype: 'I32' as const,
    bytes: table.byteLength,
    table,
  });
  const { bytes, offsets, slots } = index.tables;
  const { left, right, merged, slots: mergeSlots } = merges.tables;
  return [
    { name: 'tokens.offsets', dtype: 'U32', bytes: offsets.byteLength, table: offsets },
    i32('tokens.slots', slots),
    i32('merges.left', left),
    i32('merges.right', right),
    i32('merges.merged', merged),
    i32('merges.slots', mergeSlots),
    { name: 'tokens.bytes', dtype: 'U8', bytes: bytes.byteLength, table: bytes },
  ];
}

/** All of a vocabulary but its tables, for the manifest. */
export function factsOf(vocabulary: IndexedVocabulary): Omit<PackedTokenizer, 'file'> {
  const { pre, bosId, eosId, addBos, stopIds, specialIds, userDefinedIds } = vocabulary;
  return {
    ...{ pre, bosId, eosId, addBos },
    stopIds: [...stopIds],
    special: [...specialIds],
    userDefined: [...userDefinedIds],
  };
}

/**
 * The tokenizer that a file's bytes and the manifest's facts make. Every id, rank and offset in it is checked.
 *
 * Throws   FormatError
 */
export async function packedTokenizer(file: Uint8Array, facts: PackedTokenizer): Promise<BpeTokenizer> {
  const vocabulary = await vocabularyOf(file, facts);
  try {
    return tokenizerOf(vocabulary);
  } catch (error) {
    if (error instanceof RangeError) return failIn(facts.file.name)(error.message);
    throw error;
  }
}

async function vocabularyOf(file: Uint8Array, facts: PackedTokenizer): Promise<IndexedVocabulary> {
  const { name } = facts.file;
  const { tensors } = await readSafetensors(bufferSource(name, file));
  const i32 = (table: string) => view(file, tensors.get(table), name, table, 'I32') as Int32Array;
  const bytes = view(file, tensors.get('tokens.bytes'), name, 'tokens.bytes', 'U8') as Uint8Array;
  const offsets = view(file, tensors.get('tokens.offsets'), name, 'tokens.offsets', 'U32') as Uint32Array;
  const slots = i32('tokens.slots');
  const [left, right, merged] = [i32('merges.left'), i32('merges.right'), i32('merges.merged')];
  const mergeSlots = i32('merges.slots');

  const fail = failIn(name);
  const count = offsets.length - 1;
  if (count < 1) fail('there are no tokens');
  for (let i = 0; i <= count; i++)
    if (offsets[i]! > (offsets[i + 1] ?? bytes.length))
      fail(`tokens.offsets[${i}] is past the next, or the end`);
  checkSlots(name, 'tokens.slots', slots, count);
  if (right.length !== left.length || merged.length !== left.length)
    fail(`merges of ${left.length}, ${right.length} and ${merged.length} tokens`);
  for (const [table, ids] of Object.entries({ left, right, merged }))
    checkIds(name, `merges.${table}`, ids, 0, count);
  checkSlots(name, 'merges.slots', mergeSlots, left.length);

  const named = [...facts.special, ...facts.userDefined].map(([, id]) => id);
  for (const id of [...named, ...facts.stopIds, facts.bosId ?? 0, facts.eosId ?? 0])
    if (id >= count) fail(`token id ${id} of ${count}`);
  return {
    index: new ByteIndex({ bytes, offsets, slots }),
    merges: new MergeTable({ left, right, merged, slots: mergeSlots }),
    specialIds: new Map(facts.special),
    userDefinedIds: new Map(facts.userDefined),
    stopIds: new Set(facts.stopIds),
    ...{ pre: facts.pre, bosId: facts.bosId, eosId: facts.eosId, addBos: facts.addBos },
  };
}

/** A tensor's numbers where they lie in the file's bytes. */
function view(
  file: Uint8Array,
  tensor: SafetensorsTensor | undefined,
  name: string,
  table: string,
  dtype: keyof typeof DTYPES,
): Table {
  const fail = failIn(name);
  if (tensor === undefined) return fail(`'${table}' is missing`);
  if (tensor.dtype !== dtype) fail(`'${table}' is ${tensor.dtype}, not ${dtype}`);
  const Numbers = DTYPES[dtype];
  const at = file.byteOffset + tensor.offset;
  if (at % Numbers.BYTES_PER_ELEMENT !== 0) fail(`'${table}' begins at byte ${tensor.offset}, not aligned`);
  return new Numbers(file.buffer as ArrayBuffer, at, tensor.bytes / Numbers.BYTES_PER_ELEMENT);
}

/** A search ends at a free slot, so there must be one. */
function checkSlots(name: string, table: string, slots: Int32Array, count: number): void {
  if (slots.length === 0 || (slots.length & (slots.length - 1)) !== 0)
    failIn(name)(`'${table}' has ${slots.length} slots, not a power of two`);
  checkIds(name, table, slots, -1, count);
  if (!slots.includes(-1)) failIn(name)(`'${table}' has no free slot`);
}

function checkIds(name: string, table: string, ids: Int32Array, least: number, count: number): void {
  for (let i = 0; i < ids.length; i++)
    if (ids[i]! < least || ids[i]! >= count) failIn(name)(`'${table}'[${i}] is ${ids[i]} of ${count}`);
}

const failIn =
  (name: string) =>
  (problem: string): never => {
    throw new FormatError(name, 0, problem);
  };
