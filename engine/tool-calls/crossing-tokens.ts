import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';
import { OPENING_ENDS } from './call-opening.ts';

/** Tokens that go on behind what may end the opening of a call, by their bytes up to there. */
export type CrossingTokens = ReadonlyMap<string, readonly number[]>;

const ENDS = new Set<string>(OPENING_ENDS);

export function crossingTokens(
  tokenizer: Pick<Tokenizer, 'vocabSize' | 'isSpecial' | 'bytes'>,
): CrossingTokens {
  const found = new Map<string, number[]>();
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    if (tokenizer.isSpecial(id)) continue;
    const bytes = tokenizer.bytes(id);
    for (let i = 0; i < bytes.length - 1; i++) {
      if (!ENDS.has(String.fromCharCode(bytes[i]!))) continue;
      const begin = byteText(bytes.subarray(0, i + 1));
      const ids = found.get(begin);
      if (ids) ids.push(id);
      else found.set(begin, [id]);
    }
  }
  return found;
}

/** A character for each byte. */
export function byteText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
