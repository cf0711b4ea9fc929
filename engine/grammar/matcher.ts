import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';
import type { Matcher } from './grammar.ts';
import type { Automaton, Places } from './places.ts';
import { PLAIN_BYTES, type TokenTrie } from './token-trie.ts';

/** A vocabulary as matchers need it, with the masks that were made last. */
export interface MaskedVocabulary {
  readonly tokenizer: Pick<Tokenizer, 'bytes' | 'isSpecial' | 'stopIds' | 'vocabSize'>;
  /** Made when it is first asked for. */
  readonly trie: () => TokenTrie;
  readonly masks: Map<Places, Uint32Array>;
}

const MAX_MASKS = 64; // 16 kB each with Llama 3's vocabulary

/** Holds one reply to a grammar, from its first token on. */
export function createMatcher(automaton: Automaton, vocabulary: MaskedVocabulary): Matcher {
  const { tokenizer, masks } = vocabulary;
  let here = automaton.start;

  function after(id: number): Places | undefined {
    if (!(id >= 0 && id < tokenizer.vocabSize) || tokenizer.isSpecial(id)) return undefined;
    const bytes = tokenizer.bytes(id);
    if (bytes.length === 0) return undefined;
    let places: Places | undefined = here;
    for (let i = 0; places && i < bytes.length; i++) places = automaton.step(places, bytes[i]!);
    return places;
  }

  /** The mask without stop tokens: kept, or made. */
  function maskAt(places: Places): Uint32Array {
    let mask = masks.get(places);
    if (!mask) {
      mask = new Uint32Array(Math.ceil(tokenizer.vocabSize / 32));
      walk(automaton, places, vocabulary.trie(), 0, mask);
    }
    masks.delete(places); // and in again, as the one used last
    masks.set(places, mask);
    if (masks.size > MAX_MASKS) masks.delete(masks.keys().next().value!);
    return mask;
  }

  return {
    mask(into) {
      const { places, bytes } = automaton.relaxed(here);
      into.set(maskAt(places));
      if (places !== here) {
        const trie = vocabulary.trie();
        for (let i = trie.longerThan(bytes) - 1; i >= 0; i--) {
          const id = trie.longestFirst[i]!;
          into[id >> 5]! &= ~(1 << (id & 31));
        }
        walk(automaton, here, trie, bytes, into);
      }
      if (here.isComplete) for (const id of tokenizer.stopIds) into[id >> 5]! |= 1 << (id & 31);
    },
    accepts: (id) => (tokenizer.stopIds.has(id) ? here.isComplete : after(id) !== undefined),
    push(id) {
      if (tokenizer.stopIds.has(id) && here.isComplete) return;
      const next = tokenizer.stopIds.has(id) ? undefined : after(id);
      if (!next) throw new RangeError(`token ${id} may not come here`);
      here = next;
    },
    get isComplete() {
      return here.isComplete;
    },
    get isFinished() {
      return here.isComplete && here.places.length === 0;
    },
  };
}

/** One walk over the tree, in step with the automaton: sets the bits of tokens with more than `bytes` bytes. */
function walk(automaton: Automaton, start: Places, trie: TokenTrie, bytes: number, mask: Uint32Array): void {
  const { byte, depth, skip, token, twin, isPlain, longest, deepest } = trie;
  const path: Places[] = new Array(deepest + 2);
  path[0] = start;

  const staying = new Map<Places, boolean>();
  /** Inside a string, where plain bytes lead nowhere else. */
  const stays = (places: Places): boolean => {
    const known =
      staying.get(places) ?? PLAIN_BYTES.every((plain) => automaton.step(places, plain) === places);
    staying.set(places, known);
    return known;
  };
  const allow = (node: number) => {
    if (depth[node]! < bytes) return;
    for (let id: number | undefined = token[node]!; id !== undefined && id >= 0; id = twin.get(id))
      mask[id >> 5]! |= 1 << (id & 31);
  };

  for (let node = 0; node < byte.length; ) {
    const level = depth[node]!;
    if (isPlain[node] && stays(path[level]!)) {
      for (const end = skip[node]!; node < end; node++) allow(node);
      continue;
    }
    const places = longest[node]! > bytes ? automaton.step(path[level]!, byte[node]!) : undefined;
    if (!places) {
      node = skip[node]!;
      continue;
    }
    path[level + 1] = places;
    allow(node++);
  }
}
