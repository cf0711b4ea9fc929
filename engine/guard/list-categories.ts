import type { GuardCategory } from '../../models/prompts/guard3.ts';
import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';
import { compileGrammar } from '../grammar/compile.ts';
import { createMatcher } from '../grammar/matcher.ts';
import { createAutomaton } from '../grammar/places.ts';
import { choice, literal, repeat, sequence } from '../grammar/rule.ts';
import { createTokenTrie } from '../grammar/token-trie.ts';

export interface ListedCategories {
  /** Codes in the order they were named, each once. */
  readonly codes: readonly string[];
  /** By code: the chance that it is named somewhere in the list, if the answer is `unsafe`. */
  readonly chances: Readonly<Record<string, number>>;
}

/** Logits of the pruned vocabulary after these tokens, which follow what was read before. */
export type ReadRow = (ids: readonly number[]) => Promise<Float32Array>;

/**
 * Has Guard name the categories after `unsafe`: greedily, and held to a list of known codes with commas between them, so
 * that whatever it would rather say, codes come of it. The chance of a code is 1 - Π (1 - p), over the places where it
 * could have been written, p being its share among what may be written there.
 */
export function createListCategories(
  tokenizer: Tokenizer,
  vocabulary: Uint32Array,
  categories: readonly GuardCategory[],
) {
  const codes = categories.map(({ code }) => code);
  const one = choice(codes.map(literal));
  const list = sequence(one, repeat(sequence(literal(','), one), 0, codes.length - 1));
  const automaton = createAutomaton(compileGrammar(list));
  const masked = { tokenizer, trie: () => createTokenTrie(tokenizer), masks: new Map() };
  const spelt = new Map(Array.from(vocabulary, (id) => [id, tokenizer.decode([id])]));

  /** `begin` are the tokens up to the list; with `onlyFirst` it is left after its first code. */
  return async (begin: readonly number[], onlyFirst: boolean, read: ReadRow): Promise<ListedCategories> => {
    const matcher = createMatcher(automaton, masked);
    const missed = new Map(codes.map((code) => [code, 1]));
    let text = '';
    let pending = begin;
    do {
      const row = await read(pending);
      const shares = sharesOf(row, vocabulary, (id) => matcher.accepts(id));
      for (const [id, share] of shares) {
        const code = lastOf(text + (spelt.get(id) ?? ''));
        if (missed.has(code) && code !== lastOf(text)) missed.set(code, missed.get(code)! * (1 - share));
      }
      const id = shares.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
      if (tokenizer.stopIds.has(id)) break;
      matcher.push(id);
      text += spelt.get(id)!;
      pending = [id];
    } while (!matcher.isFinished && !(onlyFirst && matcher.isComplete));

    const named = text.split(',').filter((code) => codes.includes(code));
    const chances = codes.map((code) => [code, 1 - missed.get(code)!]);
    return { codes: [...new Set(named)], chances: Object.fromEntries(chances) };
  };
}

const lastOf = (list: string) => list.slice(list.lastIndexOf(',') + 1);

/** What each allowed token weighs under a softmax over those that are. */
function sharesOf(
  row: Float32Array,
  vocabulary: Uint32Array,
  isAllowed: (id: number) => boolean,
): [id: number, share: number][] {
  const allowed = [...vocabulary.entries()].filter(([, id]) => isAllowed(id));
  const most = allowed.reduce((most, [i]) => Math.max(most, row[i]!), -Infinity);
  const weights = allowed.map(([i, id]): [number, number] => [id, Math.exp(row[i]! - most)]);
  const sum = weights.reduce((sum, [, weight]) => sum + weight, 0);
  return weights.map(([id, weight]) => [id, weight / sum]);
}
