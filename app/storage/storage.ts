/** What the stateful routes keep, and all they may ask of whatever keeps it. */

export type Kind =
  | 'file'
  | 'content'
  | 'response'
  | 'conversation'
  | 'item'
  | 'batch'
  | 'open_batch'
  | 'todo'
  | 'event'
  | 'confirmation';

export interface Key {
  readonly kind: Kind;
  readonly id: string;
}

export interface StoredRecord {
  readonly id: string;
  /** 1 when it is put, one more with each replacement. */
  readonly version: number;
  readonly value: string;
}

/** One change of a `write`. */
export type Change =
  | (Key & {
      readonly type: 'put';
      readonly value: string;
      /** What lists may ask for: the purpose of a file, the conversation of an item. */
      readonly scope?: string;
      readonly expiresAtMs?: number;
    })
  | (Key & {
      readonly type: 'replace';
      readonly value: string;
      /** Only when this is still its version. */
      readonly version?: number;
      /** From now on; never when absent. */
      readonly expiresAtMs?: number;
    })
  /** Bytes behind those a record has already. */
  | (Key & { readonly type: 'append'; readonly bytes: Uint8Array })
  /** Changes nothing: the others are only done when it is there. */
  | (Key & { readonly type: 'require' })
  /** With its bytes. */
  | (Key & { readonly type: 'delete' })
  | { readonly type: 'delete-scope'; readonly kind: Kind; readonly scope: string };

/**
 * Why nothing of a `write` was done: a put's id is taken, another change's record is not there or has another version,
 * a value or its bytes are longer than one may be, or all together would be more than this storage may hold.
 */
export type WriteResult = 'written' | 'exists' | 'missing' | 'conflict' | 'too_large' | 'full';

export interface ListOptions {
  readonly scope?: string | undefined;
  /** The id of the record before the first. */
  readonly after?: string | undefined;
  readonly limit: number;
  /** By when they were put. */
  readonly order: 'asc' | 'desc';
}

export interface Page {
  readonly records: readonly StoredRecord[];
  readonly hasMore: boolean;
}

export interface Bytes {
  readonly bytes: Uint8Array;
  /** Where to read on; undefined at the end. */
  readonly next: number | undefined;
}

/** Records in the order they were put. One that has expired is not there, whoever asks and whether or not it is swept. */
export interface Storage {
  get(key: Key): Promise<StoredRecord | undefined>;
  /** Undefined when there is no record `after`. */
  list(kind: Kind, options: ListOptions): Promise<Page | undefined>;
  /** A record's bytes from any of them on, some at a time; undefined when there is no record. */
  read(key: Key, from: number): Promise<Bytes | undefined>;
  /** All of the changes or none, and on the disk before it resolves. */
  write(changes: readonly Change[]): Promise<WriteResult>;
}

/** A row of SQLite on Cloudflare holds 2 MB. */
export const MAX_VALUE_BYTES = 1_900_000;
export const MAX_CHUNK_BYTES = 1 << 20;
