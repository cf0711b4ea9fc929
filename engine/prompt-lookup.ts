/**
 * Foretells a text from itself: where its last three tokens stood before, what followed then may follow now. A reply
 * that quotes its prompt, or says a thing twice, is foretold well.
 *
 * Source   Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding; Yang et al. 2023, arXiv:2304.04487
 */
export interface PromptLookup {
  /** Adds a token to the text. Whether it was the one foretold; undefined when none was. */
  push(id: number): boolean | undefined;
  /** The next `count` tokens as far as the past knows them: none, or all. */
  foretell(count: number): Uint32Array;
}

const NONE = new Uint32Array(0);
const GRAM = 3; // two agree by chance too often; four find the way back late after a difference

/**
 * Each push costs the same, however long the text.
 *
 * Units    capacity: tokens the text may have; 12 to 20 bytes each
 */
export function createPromptLookup(capacity: number): PromptLookup {
  const text = new Uint32Array(capacity);
  const slots = 2 ** Math.ceil(Math.log2(capacity + 1)) * 2;
  const latest = new Uint32Array(slots); // by hash of three tokens: where the text went on after them; 0 is nowhere
  let length = 0;
  let source = 0; // where the text is foretold from; 0 is nowhere

  /** Notes where the text's last three tokens stand, and returns where they stood before. */
  function replaceLatest(): number {
    if (length < GRAM) return 0;
    const [a, b, c] = [text[length - 3]!, text[length - 2]!, text[length - 1]!];
    const hash = Math.imul(Math.imul(Math.imul(a, 0x9e3779b1) ^ b, 0x85ebca6b) ^ c, 0xc2b2ae35);
    const slot = (hash ^ (hash >>> 15)) & (slots - 1);
    const before = latest[slot]!;
    latest[slot] = length;
    const isSame = before > 0 && text[before - 3] === a && text[before - 2] === b && text[before - 1] === c;
    return isSame ? before : 0; // others with the same hash may have taken the slot
  }

  return {
    push(id) {
      const foretold = source > 0 ? text[source] === id : undefined;
      text[length++] = id;
      const before = replaceLatest();
      source = foretold ? source + 1 : before; // as long as it goes well, no other place is better
      return foretold;
    },

    foretell(count) {
      if (source === 0) return NONE;
      const period = length - source; // where the past ends it repeats itself
      return Uint32Array.from({ length: count }, (_, i) => text[source + (i % period)]!);
    },
  };
}
