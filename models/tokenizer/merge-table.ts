import type { TextList } from '../gguf/text-list.ts';
import type { ByteIndex } from './byte-index.ts';
import { unspell } from './byte-level.ts';

const SPACE = 0x20;

export const NO_MERGE = 0x7fffffff; // ranks below every real one lose

/** What a MergeTable holds. Kept somewhere, it makes the same table again at no cost. */
export interface MergeTables {
  /** Token ids by rank. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly merged: Int32Array;
  /** Ranks by hash, open addressing: a power of two, -1 is free, and one at least is. */
  readonly slots: Int32Array;
}

/** Which pairs of tokens merge, in what order, into what. Typed arrays, for the reason ByteIndex gives. */
export class MergeTable {
  readonly tables: MergeTables;

  constructor(tables: MergeTables) {
    this.tables = tables;
  }

  /**
   * `merges` are "left right", best first, in byte-level spelling. One that names a token the vocabulary
   * lacks can never apply and is left out.
   */
  static of(merges: TextList, vocabulary: ByteIndex): MergeTable {
    const table = new MergeTable({
      left: new Int32Array(merges.length),
      right: new Int32Array(merges.length),
      merged: new Int32Array(merges.length),
      slots: new Int32Array(2 ** Math.ceil(Math.log2(1.5 * merges.length + 2))).fill(-1),
    });

    const { bytes } = merges;
    let scratch = new Uint8Array(512);
    for (let rank = 0; rank < merges.length; rank++) {
      const [start, end] = [merges.start(rank), merges.start(rank + 1)];
      if (end - start > scratch.length) scratch = new Uint8Array(end - start);
      const space = bytes.indexOf(SPACE, start);
      if (space <= start || space >= end) continue;

      const middle = unspell(bytes, start, space, scratch, 0);
      const length = unspell(bytes, space + 1, end, scratch, middle);
      const left = vocabulary.find(scratch, 0, middle);
      const right = vocabulary.find(scratch, middle, length);
      const merged = vocabulary.find(scratch, 0, length);
      if (left >= 0 && right >= 0 && merged >= 0) table.#add(rank, left, right, merged);
    }
    return table;
  }

  /** The rank of the merge of two neighbours; lower goes first. NO_MERGE when they do not merge. */
  rank(left: number, right: number): number {
    const rank = this.tables.slots[this.#slotOf(left, right)]!;
    return rank === -1 ? NO_MERGE : rank;
  }

  merged(rank: number): number {
    return this.tables.merged[rank]!;
  }

  #add(rank: number, left: number, right: number, merged: number): void {
    const { tables } = this;
    const slot = this.#slotOf(left, right);
    if (tables.slots[slot] !== -1) return;
    tables.left[rank] = left;
    tables.right[rank] = right;
    tables.merged[rank] = merged;
    tables.slots[slot] = rank;
  }

  #slotOf(left: number, right: number): number {
    const { left: lefts, right: rights, slots } = this.tables;
    const mask = slots.length - 1;
    const mixed = Math.imul(left ^ Math.imul(right, 0x9e3779b1), 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const rank = slots[slot]!;
      if (rank === -1 || (lefts[rank] === left && rights[rank] === right)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
