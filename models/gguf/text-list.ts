const USUAL_BYTES = 12; // Llama 3's merges have 11, its tokens 8

/**
 * Many short texts as the UTF-8 they are stored in. 400,000 tokens and merges as strings take 18 MB, and reading them
 * as strings leaves as much for the collector: who goes through all of them takes the bytes.
 */
export class TextList {
  private all: Uint8Array<ArrayBuffer>;
  private readonly ends: Uint32Array;
  private readonly utf8 = new TextDecoder('utf-8', { ignoreBOM: true }); // a byte order mark can be a token
  length = 0;

  /** Room for `count` texts. */
  constructor(count: number) {
    this.all = new Uint8Array(USUAL_BYTES * count);
    this.ends = new Uint32Array(count);
  }

  static from(texts: Iterable<string>): TextList {
    const encoded = Array.from(texts, (text) => new TextEncoder().encode(text));
    const list = new TextList(encoded.length);
    for (const text of encoded) list.push(text);
    return list;
  }

  /** Adds what lies in `bytes` from `from` to `to`: a view of it each would be garbage by the hundred thousand. */
  push(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const start = this.start(this.length);
    const end = start + to - from;
    if (end > this.all.length) {
      const more = new Uint8Array(Math.max(1.5 * this.all.length, end));
      more.set(this.all);
      this.all = more;
    }
    for (let i = from; i < to; i++) this.all[start + i - from] = bytes[i]!;
    this.ends[this.length++] = end;
  }

  /** The bytes of all texts, one after the other. */
  get bytes(): Uint8Array {
    return this.all;
  }

  /** Where a text begins in `bytes`; with the list's length, where the last one ends. */
  start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  at(index: number): string | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return this.utf8.decode(this.all.subarray(this.start(index), this.start(index + 1)));
  }

  *[Symbol.iterator](): IterableIterator<string> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }
}
