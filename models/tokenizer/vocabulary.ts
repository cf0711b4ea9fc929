import type { TextList } from '../gguf/text-list.ts';
import { ByteIndex } from './byte-index.ts';
import { unspell } from './byte-level.ts';
import { MergeTable } from './merge-table.ts';

/** A byte-level BPE vocabulary as GGUF states it, under `tokenizer.ggml.*`. */
export interface BpeVocabulary {
  readonly tokens: TextList;
  /** One of GGUF's token types for each token. */
  readonly tokenTypes: ArrayLike<number>;
  /** "left right", best first. */
  readonly merges: TextList;
  /** Name of the pre-tokenizer. */
  readonly pre: string;
  readonly bosId?: number | undefined;
  readonly eosId?: number | undefined;
  /** More ids that end a turn, besides eos and those known by name. */
  readonly stopIds?: readonly number[] | undefined;
  /** Whether plain text starts with bos. By default, what the pre-tokenizer's models were trained with. */
  readonly addBos?: boolean | undefined;
}

/** The vocabulary, sorted by what may become of a token: all that a tokenizer is made of. */
export interface IndexedVocabulary {
  /** Bytes of every token that text can become. A special token has none, and so is never found. */
  readonly index: ByteIndex;
  /** Tokens that only a `control` segment makes, by name. */
  readonly specialIds: ReadonlyMap<string, number>;
  /** Tokens that are made where text spells them, whatever is around them. */
  readonly userDefinedIds: ReadonlyMap<string, number>;
  readonly stopIds: ReadonlySet<number>;
  readonly merges: MergeTable;
  readonly pre: string;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly addBos: boolean | undefined;
}

/** Source: llama.cpp include/llama.h, llama_token_type. Every other type is special here. */
const NORMAL = 1;
const USER_DEFINED = 4;

/** Tokens that end a turn in every vocabulary that has them. */
const TURN_ENDS = ['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|im_end|>', '<|endoftext|>'];

/** Converters have written role markers as user-defined, so that a user could type them. Looks decide. */
const LOOKS_SPECIAL = /^<[|\uff5c].*[|\uff5c]>$/u;

/** Throws   RangeError when the parts of the vocabulary disagree */
export function indexVocabulary(vocabulary: BpeVocabulary): IndexedVocabulary {
  const { tokens, tokenTypes, pre, bosId, eosId, addBos } = vocabulary;
  if (tokenTypes.length !== tokens.length)
    throw new RangeError(`vocabulary has ${tokens.length} tokens and ${tokenTypes.length} token types`);

  const endings = [eosId, ...(vocabulary.stopIds ?? [])].filter((id) => id !== undefined);
  const named = new Set(bosId === undefined ? endings : [bosId, ...endings]);
  for (const id of named)
    if (!(Number.isInteger(id) && id >= 0 && id < tokens.length))
      throw new RangeError(`special id ${id} is not in the vocabulary of ${tokens.length} tokens`);

  const isNormal = (id: number) => tokenTypes[id] === NORMAL && !named.has(id);
  const isUserDefined = (id: number) =>
    tokenTypes[id] === USER_DEFINED && !named.has(id) && !LOOKS_SPECIAL.test(tokens.at(id)!);

  const specialIds = new Map<string, number>();
  const userDefinedIds = new Map<string, number>();
  const offsets = new Uint32Array(tokens.length + 1);
  const bytes = new Uint8Array(tokens.start(tokens.length)); // unspelt, they are a little fewer
  let end = 0;
  for (let id = 0; id < tokens.length; id++) {
    const [from, to] = [tokens.start(id), tokens.start(id + 1)];
    if (isNormal(id)) {
      end = unspell(tokens.bytes, from, to, bytes, end);
    } else if (isUserDefined(id) && to > from) {
      bytes.set(tokens.bytes.subarray(from, to), end);
      end += to - from;
      userDefinedIds.set(tokens.at(id)!, id);
    } else {
      specialIds.set(tokens.at(id)!, id);
    }
    offsets[id + 1] = end;
  }

  const turnEnds = TURN_ENDS.flatMap((name) => specialIds.get(name) ?? []);
  const index = ByteIndex.of(bytes, offsets);
  return {
    index,
    specialIds,
    userDefinedIds,
    stopIds: new Set([...endings, ...turnEnds]),
    merges: MergeTable.of(vocabulary.merges, index),
    ...{ pre, bosId, eosId, addBos },
  };
}
