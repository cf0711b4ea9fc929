/**
 * Byte strings by number, and back. A vocabulary of 128,256 tokens takes 2.5 MB here and about 16 MB as a
 * Map of strings, in isolates that have 128 MB for everything.
 */
export class ByteIndex {
  readonly #bytes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #slots: Int32Array; // open addressing; -1 is free

  /** Entry `id` is `bytes` from `offsets[id]` to `offsets[id + 1]`. Empty ones cannot be found. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    const count = offsets.length - 1;
    this.#bytes = bytes;
    this.#offsets = offsets;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2))).fill(-1);
    for (let id = 0; id < count; id++) {
      const [start, end] = [offsets[id]!, offsets[id + 1]!];
      if (start === end) continue;
      const slot = this.#slotOf(bytes, start, end);
      if (this.#slots[slot] === -1) this.#slots[slot] = id; // the first of two equal ones is found
    }
  }

  at(id: number): Uint8Array {
    return this.#bytes.subarray(this.#offsets[id]!, this.#offsets[id + 1]!);
  }

  /** The id of `bytes` from `start` to `end`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#slots[this.#slotOf(bytes, start, end)]!;
  }

  /** The slot that holds these bytes, or the free one where they would go. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(bytes, start, end) & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id === -1 || this.#equals(id, bytes, start, end)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#offsets[id]!;
    if (this.#offsets[id + 1]! - from !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#bytes[from + i - start] !== bytes[i]) return false;
    return true;
  }
}

/** FNV-1a, 32 bits, with the high bits folded down because a slot is the low ones. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return (h ^ (h >>> 15)) >>> 0;
}
