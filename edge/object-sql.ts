import type { DurableObjectStorage } from '@cloudflare/workers-types';
import type { Row, Sql } from '../app/storage/sql.ts';

/** A Durable Object's own database. Its replies, and those of who called it, wait until what was written is on the disk. */
export function objectSql(storage: DurableObjectStorage): Sql {
  return {
    all: (statement, ...values) => storage.sql.exec(statement, ...values).toArray() as Row[],
    transaction: (work) => storage.transactionSync(work),
  };
}
