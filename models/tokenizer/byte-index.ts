/** What a ByteIndex holds. Kept somewhere, it makes the same index again at no cost. */
export interface ByteTables {
  readonly bytes: Uint8Array;
  /** Entry `id` is `bytes` from `offsets[id]` to `offsets[id + 1]`. */
  readonly offsets: Uint32Array;
  /** Ids by hash, open addressing: a power of two, -1 is free, and one at least is. */
  readonly slots: Int32Array;
}

/**
 * Byte strings by number, and back. A vocabulary of 128,256 tokens takes 2.5 MB here and about 16 MB as a
 * Map of strings, in isolates that have 128 MB for everything.
 */
export class ByteIndex {
  readonly tables: ByteTables;

  constructor(tables: ByteTables) {
    this.tables = tables;
  }

  /** Indexes what lies between the offsets. Empty entries cannot be found. */
  static of(bytes: Uint8Array, offsets: Uint32Array): ByteIndex {
    const count = offsets.length - 1;
    const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2))).fill(-1);
    const index = new ByteIndex({ bytes, offsets, slots });
    for (let id = 0; id < count; id++) {
      const [start, end] = [offsets[id]!, offsets[id + 1]!];
      if (start === end) continue;
      const slot = index.#slotOf(bytes, start, end);
      if (slots[slot] === -1) slots[slot] = id; // the first of two equal ones is found
    }
    return index;
  }

  get length(): number {
    return this.tables.offsets.length - 1;
  }

  at(id: number): Uint8Array {
    const { bytes, offsets } = this.tables;
    return bytes.subarray(offsets[id]!, offsets[id + 1]!);
  }

  /** The id of `bytes` from `start` to `end`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.tables.slots[this.#slotOf(bytes, start, end)]!;
  }

  /** The slot that holds these bytes, or the free one where they would go. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const { slots } = this.tables;
    const mask = slots.length - 1;
    let slot = hash(bytes, start, end) & mask;
    for (;;) {
      const id = slots[slot]!;
      if (id === -1 || this.#equals(id, bytes, start, end)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { bytes: all, offsets } = this.tables;
    const from = offsets[id]!;
    if (offsets[id + 1]! - from !== end - start) return false;
    for (let i = start; i < end; i++) if (all[from + i - start] !== bytes[i]) return false;
    return true;
  }
}

/** FNV-1a, 32 bits, with the high bits folded down because a slot is the low ones. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return (h ^ (h >>> 15)) >>> 0;
}
