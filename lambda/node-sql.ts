import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Row, Sql, SqlValue } from '../app/storage/sql.ts';

/** Our statements are few; those of lists differ by what they ask for. */
const PREPARED = 64;

/**
 * A SQLite file, made where there is none. Locked while it is open: a second server on the same file would run its
 * batches twice. A commit is on the disk when it returns, power cuts included (WAL, with a sync at every commit).
 *
 * Throws   Error of node:sqlite, `database is locked` among them
 */
export function openNodeSql(path: string): Sql & Disposable {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path); // foreign keys are on by default
  database.exec('pragma locking_mode = exclusive');
  database.exec('pragma journal_mode = wal');
  database.exec('pragma synchronous = full');

  const prepared = new Map<string, StatementSync>();
  function prepare(statement: string): StatementSync {
    const known = prepared.get(statement);
    if (known) return known;
    const made = database.prepare(statement);
    if (prepared.size < PREPARED) prepared.set(statement, made);
    return made;
  }

  return {
    all: (statement, ...values: readonly SqlValue[]) =>
      prepare(statement).all(...(values as (string | number | null | Uint8Array)[])) as Row[],
    transaction(work) {
      database.exec('begin immediate');
      try {
        const result = work();
        database.exec('commit');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('rollback');
        throw error;
      }
    },
    [Symbol.dispose]: () => database.close(),
  };
}
