import { migrate } from './migrations.ts';
import type { Row, Sql, SqlValue } from './sql.ts';
import {
  type Change,
  type Key,
  type Kind,
  type ListOptions,
  MAX_CHUNK_BYTES,
  MAX_VALUE_BYTES,
  type Storage,
  type StoredRecord,
  type WriteResult,
} from './storage.ts';

export interface SqlStorageOptions {
  /** Values and bytes together, and what their rows cost. */
  readonly maxBytes: number;
  readonly now: () => number; // Unix milliseconds
}

const DISK_FULL = /database or disk is full/i; // SQLITE_FULL, as node:sqlite and Durable Objects word it

const SWEPT_AT_ONCE = 100; // a write does not wait for all that has expired since the last one

const ENOUGH_BYTES = 64 << 10; // small chunks are read together

const LIVES = '(expires_at is null or expires_at > ?)';
const GET = `select number, id, version, value from records where kind = ? and id = ? and ${LIVES}`;
const PUT = `insert into records (kind, id, scope, expires_at, value) values (?, ?, ?, ?, ?)
  on conflict do nothing returning number`;
const REPLACE = 'update records set value = ?, expires_at = ?, version = version + 1 where number = ?';
const APPEND = `insert into chunks (record, start, bytes) values (?1, coalesce((
  select start + octet_length(bytes) from chunks where record = ?1 order by start desc limit 1), 0), ?2)`;
const READ = 'select start, bytes from chunks where record = ? and start <= ? order by start desc limit 1';
const DELETE = 'delete from records where number = ?';
const DELETE_SCOPE = 'delete from records where kind = ? and scope = ?';
const SWEEP = `delete from records where number in (
  select number from records where expires_at <= ? order by expires_at limit ${SWEPT_AT_ONCE})`;
const USAGE = 'select bytes from usage';

/** Thrown inside a transaction, so that it is undone. */
class Refused extends Error {
  readonly why: WriteResult;

  constructor(why: WriteResult) {
    super(why);
    this.why = why;
  }
}

/**
 * Storage in a SQLite database, of this version or an earlier one.
 *
 * Throws   StorageVersionError
 */
export function createSqlStorage(sql: Sql, { maxBytes, now }: SqlStorageOptions): Storage {
  migrate(sql);
  const find = ({ kind, id }: Key): Row | undefined => sql.all(GET, kind, id, now())[0];
  const usage = () => sql.all(USAGE)[0]!.bytes as number;

  function apply(change: Change): void {
    if (change.type === 'delete-scope') {
      sql.all(DELETE_SCOPE, change.kind, change.scope);
      return;
    }
    if (change.type === 'put') {
      const { kind, id, scope = null, expiresAtMs = null, value } = change;
      if (sql.all(PUT, kind, id, scope, expiresAtMs, value).length === 0) throw new Refused('exists');
      return;
    }

    const found = find(change);
    if (found === undefined) throw new Refused('missing');
    const number = found.number!;
    if (change.type === 'delete') sql.all(DELETE, number);
    else if (change.type === 'append') sql.all(APPEND, number, change.bytes);
    else if (change.type === 'replace') {
      if (change.version !== undefined && change.version !== found.version) throw new Refused('conflict');
      sql.all(REPLACE, change.value, change.expiresAtMs ?? null, number);
    }
  }

  return {
    async get(key) {
      const row = find(key);
      return row && toRecord(row);
    },

    async list(kind, options) {
      const after = options.after === undefined ? undefined : find({ kind, id: options.after });
      if (options.after !== undefined && after === undefined) return undefined;

      const rows = sql.all(...listStatement(kind, options, after?.number as number | undefined, now()));
      return { records: rows.slice(0, options.limit).map(toRecord), hasMore: rows.length > options.limit };
    },

    async read(key, from) {
      const row = find(key);
      if (row === undefined) return undefined;

      const chunks: Uint8Array[] = [];
      let end = from;
      while (end - from < ENOUGH_BYTES) {
        const chunk = sql.all(READ, row.number!, end)[0];
        const bytes =
          chunk &&
          new Uint8Array(chunk.bytes as Uint8Array<ArrayBuffer>).subarray(end - (chunk.start as number));
        if (bytes === undefined || bytes.length === 0)
          return { bytes: concat(chunks, end - from), next: undefined };
        chunks.push(bytes);
        end += bytes.length;
      }
      return { bytes: concat(chunks, end - from), next: end };
    },

    async write(changes) {
      if (changes.some(isTooLarge)) return 'too_large';
      try {
        return sql.transaction(() => {
          sql.all(SWEEP, now());
          const before = usage();
          for (const change of changes) apply(change);
          const after = usage();
          if (after > maxBytes && after > before) throw new Refused('full');
          return 'written';
        });
      } catch (error) {
        if (error instanceof Refused) return error.why;
        if (DISK_FULL.test((error as Error).message)) return 'full'; // SQLite has undone all of it
        throw error;
      }
    },
  };
}

/** One row more than asked for tells whether there are more. */
function listStatement(
  kind: Kind,
  { scope, limit, order }: ListOptions,
  after: number | undefined,
  nowMs: number,
): [statement: string, ...values: SqlValue[]] {
  const forwards = order === 'asc';
  return [
    `select id, version, value from records where kind = ? and ${LIVES}
      ${scope === undefined ? '' : 'and scope = ?'} ${after === undefined ? '' : `and number ${forwards ? '>' : '<'} ?`}
      order by number ${order} limit ?`,
    kind,
    nowMs,
    ...(scope === undefined ? [] : [scope]),
    ...(after === undefined ? [] : [after]),
    limit + 1,
  ];
}

function toRecord(row: Row): StoredRecord {
  return { id: row.id as string, version: row.version as number, value: row.value as string };
}

function isTooLarge(change: Change): boolean {
  if (change.type === 'append') return change.bytes.length > MAX_CHUNK_BYTES;
  if (change.type !== 'put' && change.type !== 'replace') return false;
  const { length } = change.value; // UTF-16 units: bytes are as many at least, and three times as many at most
  if (length * 3 <= MAX_VALUE_BYTES) return false;
  return length > MAX_VALUE_BYTES || new TextEncoder().encode(change.value).length > MAX_VALUE_BYTES;
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
