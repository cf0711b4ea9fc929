import { FormatError } from '../errors.ts';
import type { ByteSource } from '../source.ts';
import { TextList } from './text-list.ts';

/** The largest header read: Llama 3.2's takes 8 MB, nearly all of it the tokenizer. */
export const MAX_HEADER_BYTES = 64 << 20;
/** The longest string read. Chat templates are the longest in practice, some 10 kB. */
export const MAX_STRING_BYTES = 4 << 20;

const SLACK_BYTES = 4096; // in the window beside a chunk: what a chunk leaves over is mostly shorter

/**
 * Walks forward through a header, through a window of the file that it moves as needed. The window is one piece of
 * memory, used again and again: 8 MB of windows would be garbage beside the weights.
 *
 * Taking a value never waits: `fill` first, when `has` says the window ends too soon. A header holds some 400,000
 * strings, and an await for each would cost more than reading them.
 */
export class HeaderCursor implements AsyncDisposable {
  private readonly source: ByteSource;
  private readonly end: number; // of what may be read as header
  private readonly chunks: AsyncIterator<Uint8Array>;
  private readonly utf8 = new TextDecoder('utf-8', { ignoreBOM: true }); // a byte order mark can be a token
  private window = new Uint8Array(0);
  private view = new DataView(this.window.buffer);
  private windowStart = 0; // in the file
  private at = 0; // in the window
  private filled = 0; // bytes of the window

  constructor(source: ByteSource) {
    this.source = source;
    this.end = Math.min(source.size, MAX_HEADER_BYTES);
    this.chunks = source.stream(0, this.end)[Symbol.asyncIterator]();
  }

  /** Where in the file the next value begins. */
  get offset(): number {
    return this.windowStart + this.at;
  }

  /** Whether the next `bytes` bytes can be taken now. */
  has(bytes: number): boolean {
    return bytes <= this.filled - this.at;
  }

  /** Makes `has(bytes)` true. Throws FormatError, before it reads, when the header cannot hold them. */
  async fill(bytes: number): Promise<void> {
    if (this.has(bytes)) return;
    this.expect(bytes, 1, 'bytes');

    this.window.copyWithin(0, this.at, this.filled);
    this.windowStart += this.at;
    this.filled -= this.at;
    this.at = 0;
    while (this.filled < bytes) {
      const { value: chunk, done } = await this.chunks.next();
      if (done) this.fail(`${this.source.name} ends at ${this.windowStart + this.filled}, early`);
      this.append(chunk);
    }
  }

  /** Ends the reading of the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.chunks.return?.();
  }

  /** Throws FormatError when `count` things of at least `bytesEach` cannot follow. */
  expect(count: number, bytesEach: number, what: string): void {
    const bytes = count * bytesEach;
    if (bytes <= this.end - this.offset) return;
    const reason =
      this.end === this.source.size
        ? `the file ends at ${this.end}`
        : `a header of more than ${MAX_HEADER_BYTES} bytes is refused`;
    this.fail(`${count} ${what} do not fit: ${reason}`);
  }

  fail(problem: string, offset = this.offset): never {
    throw new FormatError('gguf', offset, problem);
  }

  /** Takes one value of `bytes` bytes through a view of the window. */
  take<T>(bytes: number, read: (view: DataView, at: number) => T): T {
    const value = read(this.view, this.at);
    this.at += bytes;
    return value;
  }

  async u32(): Promise<number> {
    await this.fill(4);
    return this.take(4, (view, at) => view.getUint32(at, true));
  }

  /** A u64 that a double holds exactly. Throws FormatError when it does not. */
  async u64(): Promise<number> {
    await this.fill(8);
    return this.takeU64();
  }

  /** As `u64`, of 8 bytes already in the window. */
  takeU64(): number {
    const value = this.view.getUint32(this.at, true) + this.view.getUint32(this.at + 4, true) * 2 ** 32;
    if (value > Number.MAX_SAFE_INTEGER) this.fail(`u64 ${value} is above 2^53`);
    this.at += 8;
    return value;
  }

  /** A length and that many bytes of UTF-8; what is not UTF-8 becomes U+FFFD. */
  async string(maxBytes: number): Promise<string> {
    await this.fill(8);
    const start = this.offset;
    const length = this.takeU64();
    if (length > maxBytes) this.fail(`string of ${length} bytes, limit ${maxBytes}`, start);
    await this.fill(length);
    return this.takeText(length);
  }

  /** `count` strings, waiting only where the window ends. */
  async strings(count: number): Promise<TextList> {
    this.expect(count, 8, 'strings');
    const strings = new TextList(count);
    while (strings.length < count) {
      if (!this.has(8)) await this.fill(8);
      const start = this.offset;
      const length = this.takeU64();
      if (length > MAX_STRING_BYTES) this.fail(`string of ${length} bytes, limit ${MAX_STRING_BYTES}`, start);
      if (!this.has(length)) await this.fill(length);
      strings.push(this.window, this.at, this.at + length);
      this.at += length;
    }
    return strings;
  }

  private append(chunk: Uint8Array): void {
    const length = this.filled + chunk.length;
    if (length > this.window.length) {
      const longer = new Uint8Array(length + SLACK_BYTES);
      longer.set(this.window.subarray(0, this.filled));
      this.window = longer;
      this.view = new DataView(longer.buffer);
    }
    this.window.set(chunk, this.filled);
    this.filled = length;
  }

  private takeText(length: number): string {
    const text = this.utf8.decode(this.window.subarray(this.at, this.at + length));
    this.at += length;
    return text;
  }
}
