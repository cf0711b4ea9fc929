import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';

/** What grammars need of a tokenizer. */
export type SpeltTokens = Pick<Tokenizer, 'vocabSize' | 'bytes' | 'isSpecial' | 'stopIds'>;

export const END = 256;

const encoder = new TextEncoder();
const NONE = new Uint8Array(0);

/** A token for each byte, one that ends the turn, one that is special besides, and these. */
export function byteVocabulary(more: readonly string[] = []): SpeltTokens {
  const spelt = more.map((text) => encoder.encode(text));
  return {
    vocabSize: 258 + more.length,
    bytes: (id) => (id < 256 ? Uint8Array.of(id) : (spelt[id - 258] ?? NONE)),
    isSpecial: (id) => id === END || id === 257,
    stopIds: new Set([END]),
  };
}
