export type SqlValue = string | number | null | Uint8Array | ArrayBuffer;
export type Row = Readonly<Record<string, SqlValue>>;

/** A SQLite database, as far as storage needs one. Foreign keys are enforced. */
export interface Sql {
  /** Runs one statement. */
  all(statement: string, ...values: readonly SqlValue[]): readonly Row[];
  /** Undoes all of `work` when it throws. On the disk once it, or the request that asked for it, is answered. */
  transaction<T>(work: () => T): T;
}
