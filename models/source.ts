/** Where model bytes come from: a file, R2, an HTTP range, a buffer. Doors bring one; readers never ask which. */
export interface ByteSource {
  /** For messages: a path, a key, a URL. */
  readonly name: string;
  readonly size: number; // bytes
  /** Of all bytes, in lower-case hex, where the store itself computed it when they came in: R2 may, a disk does not. */
  readonly sha256?: string | undefined;

  /** Exactly `length` bytes from `offset`. Throws FormatError when they are not all there. */
  read(offset: number, length: number): Promise<Uint8Array>;

  /**
   * The bytes from `offset` on, in order, in chunks of the source's choosing.
   * A chunk is valid until the next is asked for: the source may reuse its memory.
   */
  stream(offset: number, length: number): AsyncIterable<Uint8Array>;
}

/** Opens a file of a model by its name; undefined when there is no such file. Whoever opens it closes it. */
export type OpenFile = (name: string) => Promise<(ByteSource & Partial<AsyncDisposable>) | undefined>;
