const SHORT_BYTES = 24;
const USUAL_BYTES = 12; // Llama 3's merges have 11, its tokens 8

/** What a tokenizer asks of its tokens and merges. An array of strings will do. */
export interface Texts {
  readonly length: number;
  at(index: number): string | undefined;
  entries(): IterableIterator<[number, string]>;
  [Symbol.iterator](): IterableIterator<string>;
}

/**
 * Many short texts as the bytes they are stored in; each becomes a string when it is asked for, and again when asked
 * again. 400,000 tokens and merges as strings take 18 MB, and reading them all at once as much for the collector.
 */
export class TextList implements Texts {
  private bytes: Uint8Array;
  private readonly ends: Uint32Array;
  private readonly utf8 = new TextDecoder('utf-8', { ignoreBOM: true }); // a byte order mark can be a token
  length = 0;

  /** Room for `count` texts. */
  constructor(count: number) {
    this.bytes = new Uint8Array(USUAL_BYTES * count);
    this.ends = new Uint32Array(count);
  }

  push(text: Uint8Array): void {
    const start = this.length === 0 ? 0 : this.ends[this.length - 1]!;
    const end = start + text.length;
    if (end > this.bytes.length) {
      const more = new Uint8Array(Math.max(1.5 * this.bytes.length, end));
      more.set(this.bytes);
      this.bytes = more;
    }
    this.bytes.set(text, start);
    this.ends[this.length++] = end;
  }

  at(index: number): string | undefined {
    if (index < 0 || index >= this.length) return undefined;
    const start = index === 0 ? 0 : this.ends[index - 1]!;
    const end = this.ends[index]!;
    return shortText(this.bytes, start, end) ?? this.utf8.decode(this.bytes.subarray(start, end));
  }

  *entries(): IterableIterator<[number, string]> {
    for (let i = 0; i < this.length; i++) yield [i, this.at(i)!];
  }

  *[Symbol.iterator](): IterableIterator<string> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }
}

/**
 * Text of one- and two-byte characters, which a token nearly always is; undefined when there are others, or it is long.
 * Three times as fast as a view and a call of TextDecoder.
 */
function shortText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT_BYTES) return undefined;
  let text = '';
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < 0x80) text += String.fromCharCode(byte);
    else {
      const next = i + 1 < end ? bytes[++i]! : 0;
      if (byte < 0xc2 || byte > 0xdf || (next & 0xc0) !== 0x80) return undefined;
      text += String.fromCharCode(((byte & 0x1f) << 6) | (next & 0x3f));
    }
  }
  return text;
}
