/** Where published models lie: a bucket behind S3's API, or a folder. */
export interface Store {
  readonly name: string; // for messages
  /** Whether it has that file already, whole. Throws StoreError. */
  holds(key: string, file: Sized, signal: AbortSignal): Promise<boolean>;
  /** All of a small file; undefined when there is none. Throws StoreError, where it is larger than `limit` too. */
  readAll(key: string, limit: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Exactly `length` bytes from `offset`. Throws StoreError. */
  read(key: string, offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>;
  /** A file of this machine, as it was when it was hashed. What an earlier run has sent is kept. Throws StoreError. */
  putFile(
    key: string,
    file: LocalFile,
    signal: AbortSignal,
    onProgress: (done: number) => void,
  ): Promise<void>;
  /** A few bytes, in place of what was there. Throws StoreError. */
  putBytes(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}

export interface Sized {
  readonly size: number; // bytes
  readonly sha256: string;
}

export interface LocalFile extends Sized {
  readonly path: string;
}

/** A store does not do what it is asked to. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code = 'store';
}
