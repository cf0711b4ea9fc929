import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';
import { compileGrammar } from './compile.ts';
import type { Matcher } from './grammar.ts';
import { createMatcher, type MaskedVocabulary } from './matcher.ts';
import { type Automaton, createAutomaton } from './places.ts';
import type { Rule } from './rule.ts';
import { createTokenTrie, type TokenTrie } from './token-trie.ts';

/** Compiled grammars over one vocabulary, kept for the next request that brings the same. */
export interface Grammars {
  /**
   * A matcher for one reply. `rule` is asked for when no grammar is kept under `key`.
   *
   * Throws   SchemaError
   */
  matcher(key: string, rule: () => Rule): Matcher;
}

const MAX_BYTES = 16e6;

/** Makes nothing until the first grammar comes. */
export function createGrammars(
  tokenizer: MaskedVocabulary['tokenizer'] & Pick<Tokenizer, 'vocabSize'>,
): Grammars {
  const automata = new Map<string, Automaton>(); // least recently used first
  let trie: TokenTrie | undefined;
  const vocabulary: MaskedVocabulary = {
    tokenizer,
    trie() {
      trie ??= createTokenTrie(tokenizer);
      return trie;
    },
    masks: new Map(),
  };

  function makeRoom(): void {
    let bytes = 0;
    for (const [key, automaton] of automata) bytes += automaton.bytes + 2 * key.length;
    for (const [key, automaton] of automata) {
      if (bytes <= MAX_BYTES || automata.size === 1) return;
      automata.delete(key);
      bytes -= automaton.bytes + 2 * key.length;
    }
  }

  return {
    matcher(key, rule) {
      const automaton = automata.get(key) ?? createAutomaton(compileGrammar(rule()));
      automata.delete(key);
      automata.set(key, automaton);
      makeRoom();
      return createMatcher(automaton, vocabulary);
    },
  };
}
