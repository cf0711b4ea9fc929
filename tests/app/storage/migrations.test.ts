import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIGRATIONS, migrate, StorageVersionError } from '../../../app/storage/migrations.ts';
import { createSqlStorage } from '../../../app/storage/sql-storage.ts';
import { openNodeSql } from '../../../lambda/node-sql.ts';

describe('a storage of an earlier version', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cria-migrations-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const open = () => openNodeSql(join(folder, 'storage.sqlite'));
  const versionOf = (sql: ReturnType<typeof open>) =>
    sql.all('select version from schema_version').map(({ version }) => version);

  test.each(MIGRATIONS.map((_, i) => i))('%i is brought to the last', async (version) => {
    {
      using sql = open();
      migrate(sql, MIGRATIONS.slice(0, version));
      expect(versionOf(sql)).toEqual([version]);
    }
    using sql = open();
    const storage = createSqlStorage(sql, { maxBytes: 2 ** 20, now: () => 0 });
    expect(versionOf(sql)).toEqual([MIGRATIONS.length]);
    expect(await storage.write([{ type: 'put', kind: 'file', id: 'a', value: '{}' }])).toBe('written');
  });

  const next = [...MIGRATIONS, ["alter table records add note text not null default 'none'"]];

  test('keeps what is in it', async () => {
    {
      using sql = open();
      const storage = createSqlStorage(sql, { maxBytes: 2 ** 20, now: () => 0 });
      await storage.write([{ type: 'put', kind: 'file', id: 'a', value: '{}' }]);
    }
    using sql = open();
    migrate(sql, next);
    migrate(sql, next); // each runs once
    expect(versionOf(sql)).toEqual([MIGRATIONS.length + 1]);
    expect(sql.all('select id, note from records')).toEqual([{ id: 'a', note: 'none' }]);
  });

  test('is as it was when a migration fails halfway', () => {
    using sql = open();
    migrate(sql);
    const broken = [...MIGRATIONS, [...next.at(-1)!, 'alter table nothing add note text']];
    expect(() => migrate(sql, broken)).toThrow('nothing');
    expect(versionOf(sql)).toEqual([MIGRATIONS.length]);
    expect(() => sql.all('select note from records')).toThrow('note');
  });

  test('is refused when it is of a later one', () => {
    using sql = open();
    migrate(sql, next);
    expect(() => migrate(sql)).toThrow(StorageVersionError);
    expect(versionOf(sql)).toEqual([MIGRATIONS.length + 1]);
  });

  test('is refused while another has it open', () => {
    using sql = open();
    migrate(sql);
    expect(() => migrate(open())).toThrow('locked');
  });
});
