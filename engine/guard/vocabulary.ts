import type { GuardFormat } from '../../models/prompts/guard3.ts';
import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';
import { UnfitGuardError } from '../errors.ts';

/** The tokens of Guard's answers. */
export interface GuardWords {
  /** All of them, ascending: the rows of the output matrix, and of the logits, in order. */
  readonly vocabulary: Uint32Array;
  readonly blankLine: number; // id of "\n\n", with which each answer begins
  readonly safe: number; // ids, not rows
  readonly unsafe: number;
  readonly newline: number;
}

/**
 * Finds the tokens that Guard can say: `safe`, or `unsafe` and a list of codes, in every spelling that the vocabulary has.
 *
 * Throws   UnfitGuardError when it has no single token for a word that a verdict is read from
 */
export function guardWords(tokenizer: Tokenizer, { categories }: GuardFormat): GuardWords {
  const word = (text: string): number => {
    const [id, ...more] = tokenizer.encode(text);
    if (id === undefined || more.length > 0)
      throw new UnfitGuardError(`the vocabulary has no single token for ${JSON.stringify(text)}`);
    return id;
  };
  const [blankLine, safe, unsafe, newline] = ['\n\n', 'safe', 'unsafe', '\n'].map(word) as [
    number,
    number,
    number,
    number,
  ];
  const lists = categories.flatMap(({ code }) => [...tokenizer.encode(`\n${code},${code}`)]);
  const characters = [...'S,0123456789'].flatMap((character) => [...tokenizer.encode(character)]);
  const ids = new Set([blankLine, safe, unsafe, newline, ...lists, ...characters, ...tokenizer.stopIds]);
  return { vocabulary: Uint32Array.from(ids).sort(), blankLine, safe, unsafe, newline };
}
