import type { Tokenizer } from '../../models/tokenizer/tokenizer.ts';
import type { Matcher } from './grammar.ts';
import type { Automaton, Places } from './places.ts';
import type { TokenTrie } from './token-trie.ts';

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

  return {
    mask(into) {
      const known = masks.get(here);
      const mask = known ?? maskOf(automaton, here, vocabulary.trie());
      masks.delete(here); // and in again, as the one used last
      masks.set(here, mask);
      if (masks.size > MAX_MASKS) masks.delete(masks.keys().next().value!);

      into.set(mask);
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

/** One walk over the tree, in step with the automaton. */
function maskOf(automaton: Automaton, start: Places, trie: TokenTrie): Uint32Array {
  const { vocabSize, byte, depth, skip, token, twin, deepest } = trie;
  const mask = new Uint32Array(Math.ceil(vocabSize / 32));
  const path: Places[] = new Array(deepest + 2);
  path[0] = start;

  for (let node = 0; node < byte.length; ) {
    const level = depth[node]!;
    const places = automaton.step(path[level]!, byte[node]!);
    if (!places) {
      node = skip[node]!;
      continue;
    }
    path[level + 1] = places;
    for (let id: number | undefined = token[node]!; id !== undefined && id >= 0; id = twin.get(id))
      mask[id >> 5]! |= 1 << (id & 31);
    node++;
  }
  return mask;
}
