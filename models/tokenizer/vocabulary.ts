import type { Texts } from '../gguf/text-list.ts';
import { ByteIndex } from './byte-index.ts';
import { maxUnspelledLength, unspell } from './byte-level.ts';

/** A byte-level BPE vocabulary as GGUF states it, under `tokenizer.ggml.*`. */
export interface BpeVocabulary {
  readonly tokens: Texts;
  /** One of GGUF's token types for each token. */
  readonly tokenTypes: ArrayLike<number>;
  /** "left right", best first. */
  readonly merges: Texts;
  /** Name of the pre-tokenizer. */
  readonly pre: string;
  readonly bosId?: number | undefined;
  readonly eosId?: number | undefined;
  /** More ids that end a turn, besides eos and those known by name. */
  readonly stopIds?: readonly number[] | undefined;
  /** Whether plain text starts with bos. By default, what the pre-tokenizer's models were trained with. */
  readonly addBos?: boolean | undefined;
}

/** The vocabulary, sorted by what may become of a token. */
export interface IndexedTokens {
  /** Bytes of every token that text can become. A special token has none, and so is never found. */
  readonly index: ByteIndex;
  /** Tokens that only a `control` segment makes, by name. */
  readonly specialIds: ReadonlyMap<string, number>;
  /** Tokens that are made where text spells them, whatever is around them. */
  readonly userDefinedIds: ReadonlyMap<string, number>;
  readonly stopIds: ReadonlySet<number>;
}

/** Source: llama.cpp include/llama.h, llama_token_type. Every other type is special here. */
const NORMAL = 1;
const USER_DEFINED = 4;

/** Tokens that end a turn in every vocabulary that has them. */
const TURN_ENDS = ['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|im_end|>', '<|endoftext|>'];

/** Converters have written role markers as user-defined, so that a user could type them. Looks decide. */
const LOOKS_SPECIAL = /^<[|｜].*[|｜]>$/u;

const encoder = new TextEncoder();

/** Throws   RangeError when the parts of the vocabulary disagree */
export function indexTokens(vocabulary: BpeVocabulary): IndexedTokens {
  const { tokens, tokenTypes, bosId, eosId } = vocabulary;
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
  let bytes = new Uint8Array(16 * tokens.length);
  let end = 0;
  for (const [id, token] of tokens.entries()) {
    const most = end + maxUnspelledLength(token);
    if (most > bytes.length) bytes = grown(bytes, 2 * most);

    if (isNormal(id)) {
      end = unspell(token, bytes, end);
    } else if (isUserDefined(id) && token !== '') {
      end += encoder.encodeInto(token, bytes.subarray(end)).written;
      userDefinedIds.set(token, id);
    } else {
      specialIds.set(token, id);
    }
    offsets[id + 1] = end;
  }

  const turnEnds = TURN_ENDS.flatMap((name) => specialIds.get(name) ?? []);
  return {
    index: new ByteIndex(bytes.slice(0, end), offsets),
    specialIds,
    userDefinedIds,
    stopIds: new Set([...endings, ...turnEnds]),
  };
}

function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}
