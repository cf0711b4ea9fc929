import { DurableObject } from 'cloudflare:workers';
import type { DurableObjectState } from '@cloudflare/workers-types';
import { readSettings } from '../app/settings.ts';
import { createSqlStorage } from '../app/storage/sql-storage.ts';
import type { Change, Key, Kind, ListOptions, Storage } from '../app/storage/storage.ts';
import { StorageEnv } from './env.ts';
import { objectSql } from './object-sql.ts';

/** Storage in the SQLite database of a Durable Object. */
export class SqlObject extends DurableObject<unknown> implements Storage {
  readonly #storage: Storage;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#storage = createSqlStorage(objectSql(ctx.storage), {
      maxBytes: readSettings(StorageEnv, env).CRIA_STORAGE * 2 ** 20,
      now: () => this.now(),
    });
  }

  get(key: Key) {
    return this.#storage.get(key);
  }

  list(kind: Kind, options: ListOptions) {
    return this.#storage.list(kind, options);
  }

  read(key: Key, from: number) {
    return this.#storage.read(key, from);
  }

  write(changes: readonly Change[]) {
    return this.#storage.write(changes);
  }

  protected now(): number {
    return Date.now();
  }
}
