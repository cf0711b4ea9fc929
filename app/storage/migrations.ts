import type { Sql } from './sql.ts';

/** Each version's statements, from the one before. Never changed once released: storages of every version are about. */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table records (
      number integer primary key autoincrement,
      kind text not null,
      id text not null,
      scope text,
      version integer not null default 1,
      expires_at integer, -- Unix milliseconds
      value text not null,
      unique (kind, id)
    )`,
    'create index records_of_kind on records (kind, number)',
    'create index records_in_scope on records (kind, scope, number) where scope is not null',
    'create index records_that_expire on records (expires_at) where expires_at is not null',
    `create table chunks (
      record integer not null references records (number) on delete cascade,
      start integer not null, -- bytes before it
      bytes blob not null,
      primary key (record, start)
    ) without rowid`,

    // Kept by the database itself, so that it is true whatever a statement does.
    'create table usage (bytes integer not null)',
    'insert into usage values (0)',
    `create trigger record_added after insert on records begin
      update usage set bytes = bytes + 256 + octet_length(new.value); -- 256: ids and indices
    end`,
    `create trigger record_replaced after update of value on records begin
      update usage set bytes = bytes + octet_length(new.value) - octet_length(old.value);
    end`,
    `create trigger record_deleted after delete on records begin
      update usage set bytes = bytes - 256 - octet_length(old.value);
    end`,
    `create trigger chunk_added after insert on chunks begin
      update usage set bytes = bytes + 64 + octet_length(new.bytes);
    end`,
    `create trigger chunk_deleted after delete on chunks begin
      update usage set bytes = bytes - 64 - octet_length(old.bytes);
    end`,
  ],
];

/** The storage was written by a later release. */
export class StorageVersionError extends Error {
  override readonly name = 'StorageVersionError';
  readonly code = 'internal';

  constructor(version: number, known: number) {
    super(`the storage has schema version ${version}, this release knows up to ${known}`);
  }
}

/** Brings a database, new or of any earlier version, to the last. All or nothing. Throws StorageVersionError. */
export function migrate(sql: Sql, migrations = MIGRATIONS): void {
  sql.transaction(() => {
    sql.all('create table if not exists schema_version (version integer not null)');
    const found = sql.all('select version from schema_version')[0]?.version as number | undefined;
    if (found === undefined) sql.all('insert into schema_version values (0)');
    const version = found ?? 0;
    if (version > migrations.length) throw new StorageVersionError(version, migrations.length);

    for (const statement of migrations.slice(version).flat()) sql.all(statement);
    sql.all('update schema_version set version = ?', migrations.length);
  });
}
