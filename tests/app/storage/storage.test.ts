import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Change,
  type Kind,
  MAX_CHUNK_BYTES,
  MAX_VALUE_BYTES,
  type Storage,
} from '../../../app/storage/storage.ts';
import { storagePlaces } from '../../support/storages.ts';

const MIB = 2 ** 20;

describe.each(storagePlaces)('storage in $name', (place) => {
  const clock = { ms: 0 };
  let folder: string;
  let storage: Storage & AsyncDisposable;
  const open = (maxMiB = 4) => place.open({ folder, maxMiB, now: () => clock.ms });
  beforeEach(async () => {
    clock.ms = 1_700_000_000_000;
    folder = await mkdtemp(join(tmpdir(), 'cria-storage-'));
    storage = await open();
  });
  afterEach(async () => {
    await storage[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const reopen = async () => {
    await storage[Symbol.asyncDispose]();
    storage = await open();
  };
  const put = (id: string, value = '{}', more: object = {}): Change => ({
    type: 'put',
    kind: 'file',
    id,
    value,
    ...more,
  });
  const file = (id: string) => ({ kind: 'file', id }) as const;
  const get = async (id: string) => (await storage.get(file(id)))?.value;
  const ids = async (options: Partial<Parameters<Storage['list']>[1]>, kind: Kind = 'file') => {
    const page = await storage.list(kind, { limit: 100, order: 'asc', ...options });
    return page && { ids: page.records.map(({ id }) => id), hasMore: page.hasMore };
  };
  const readAll = async (id: string) => {
    const bytes: number[] = [];
    for (let from: number | undefined = 0; from !== undefined; ) {
      const part = await storage.read(file(id), from);
      bytes.push(...part!.bytes);
      from = part!.next;
    }
    return bytes;
  };

  test('gives back what was put, and nothing else', async () => {
    expect(await get('a')).toBeUndefined();
    expect(await storage.write([put('a', '{"x":"é\\u0000🦙"}')])).toBe('written');
    expect(await storage.get(file('a'))).toEqual({ id: 'a', version: 1, value: '{"x":"é\\u0000🦙"}' });
    expect(await storage.get({ kind: 'batch', id: 'a' })).toBeUndefined();
  });

  test('keeps an id once for each kind', async () => {
    expect(await storage.write([put('a', '1')])).toBe('written');
    expect(await storage.write([put('a', '2')])).toBe('exists');
    expect(await storage.write([{ ...put('a', '3'), kind: 'batch' } as Change])).toBe('written');
    expect(await get('a')).toBe('1');
  });

  test('replaces, and only the version that was seen when one is named', async () => {
    await storage.write([put('a', '1')]);
    const replace = (value: string, version?: number): Change => ({
      type: 'replace',
      ...file('a'),
      value,
      ...(version === undefined ? {} : { version }),
    });
    expect(await storage.write([replace('2', 1)])).toBe('written');
    expect(await storage.write([replace('3', 1)])).toBe('conflict');
    expect(await storage.get(file('a'))).toEqual({ id: 'a', version: 2, value: '2' });
    expect(await storage.write([replace('4')])).toBe('written');
    expect(await storage.write([{ ...replace('5'), id: 'b' } as Change])).toBe('missing');
    expect(await get('a')).toBe('4');
  });

  test('does all of a write or nothing', async () => {
    await storage.write([put('a', '1')]);
    const bytes = Uint8Array.of(1);
    const changes: Change[] = [
      put('b'),
      { type: 'append', ...file('b'), bytes },
      { type: 'delete', ...file('a') },
      { type: 'delete', ...file('nothing') },
    ];
    expect(await storage.write(changes)).toBe('missing');
    expect(await ids({})).toEqual({ ids: ['a'], hasMore: false });
    expect(await storage.write(changes.slice(0, 3))).toBe('written');
    expect(await storage.write([put('c'), { type: 'require', ...file('a') }])).toBe('missing');
    expect(await storage.write([{ type: 'require', ...file('b') }])).toBe('written');
    expect(await ids({})).toEqual({ ids: ['b'], hasMore: false });
  });

  test('lists in order, both ways, from a cursor, by scope', async () => {
    for (const id of ['c', 'a', 'd', 'b', 'e'])
      await storage.write([put(id, '{}', { scope: 'ab'.includes(id) ? 'x' : 'y' })]);
    expect(await ids({})).toEqual({ ids: ['c', 'a', 'd', 'b', 'e'], hasMore: false });
    expect(await ids({ order: 'desc', limit: 2 })).toEqual({ ids: ['e', 'b'], hasMore: true });
    expect(await ids({ order: 'desc', limit: 3, after: 'b' })).toEqual({
      ids: ['d', 'a', 'c'],
      hasMore: false,
    });
    expect(await ids({ limit: 2, after: 'a' })).toEqual({ ids: ['d', 'b'], hasMore: true });
    expect(await ids({ after: 'e' })).toEqual({ ids: [], hasMore: false });
    expect(await ids({ scope: 'x' })).toEqual({ ids: ['a', 'b'], hasMore: false });
    expect(await ids({ scope: 'y', after: 'a', limit: 1 })).toEqual({ ids: ['d'], hasMore: true });
    expect(await ids({ after: 'nothing' })).toBeUndefined();
    expect(await ids({}, 'batch')).toEqual({ ids: [], hasMore: false });
  });

  test('deletes a scope, of one kind', async () => {
    await storage.write(['a', 'b', 'c'].map((id) => put(id, '{}', { scope: id === 'b' ? 'y' : 'x' })));
    await storage.write([{ ...put('a', '{}', { scope: 'x' }), kind: 'item' } as Change]);
    await storage.write([{ type: 'delete-scope', kind: 'file', scope: 'x' }]);
    expect(await ids({})).toEqual({ ids: ['b'], hasMore: false });
    expect(await ids({}, 'item')).toEqual({ ids: ['a'], hasMore: false });
  });

  test('keeps bytes behind a record, and loses them with it', async () => {
    const append = (...bytes: number[]): Change => ({
      type: 'append',
      ...file('a'),
      bytes: Uint8Array.from(bytes),
    });
    expect(await storage.write([append(1)])).toBe('missing');
    await storage.write([put('a'), append(0, 255), append(7)]);
    await storage.write([append(8, 9)]);
    expect(await readAll('a')).toEqual([0, 255, 7, 8, 9]);
    expect([...(await storage.read(file('a'), 1))!.bytes]).toEqual([255, 7, 8, 9]);
    expect([...(await storage.read(file('a'), 4))!.bytes]).toEqual([9]);
    expect(await storage.read(file('a'), 5)).toEqual({ bytes: new Uint8Array(0), next: undefined });

    await storage.write([{ type: 'delete', ...file('a') }]);
    expect(await storage.read(file('a'), 0)).toBeUndefined();
    await storage.write([put('a')]);
    expect(await readAll('a')).toEqual([]);
  });

  test('hands out bytes in pieces, so that no one holds all of them', async () => {
    const chunk = (byte: number) => new Uint8Array(MIB / 2).fill(byte);
    await storage.write([put('a')]);
    for (const byte of [1, 2, 3]) await storage.write([{ type: 'append', ...file('a'), bytes: chunk(byte) }]);
    const first = await storage.read(file('a'), 0);
    expect(first!.bytes.length).toBe(MIB / 2);
    expect((await storage.read(file('a'), first!.next!))!.bytes[0]).toBe(2);
  });

  test('refuses values and bytes that are too large', async () => {
    const quotes = 2;
    const longest = `"${'é'.repeat((MAX_VALUE_BYTES - quotes) / 2)}"`;
    expect(await storage.write([put('a', longest)])).toBe('written');
    expect(await storage.write([put('b', `${longest} `)])).toBe('too_large');
    expect(await storage.write([{ type: 'replace', ...file('a'), value: `${longest} ` }])).toBe('too_large');
    expect(await get('a')).toBe(longest);

    const append = (length: number): Change => ({
      type: 'append',
      ...file('a'),
      bytes: new Uint8Array(length),
    });
    expect(await storage.write([append(MAX_CHUNK_BYTES)])).toBe('written');
    expect(await storage.write([append(MAX_CHUNK_BYTES + 1)])).toBe('too_large');
  });

  test('is full at its limit, and not for ever', async () => {
    const fill = (id: string) =>
      storage.write([put(id), { type: 'append', ...file(id), bytes: new Uint8Array(MIB) }]);
    expect(await fill('a')).toBe('written');
    expect(await fill('b')).toBe('written');
    expect(await fill('c')).toBe('written');
    expect(await fill('d')).toBe('full'); // 4 MiB, and what a row costs
    expect(await ids({})).toEqual({ ids: ['a', 'b', 'c'], hasMore: false });

    expect(await storage.write([{ type: 'delete', ...file('b') }])).toBe('written');
    expect(await fill('d')).toBe('written');
    await reopen();
    expect(await fill('e')).toBe('full');
  });

  test('lets go of what is beyond a limit that was lowered, and takes nothing', async () => {
    const chunk = (id: string): Change => ({ type: 'append', ...file(id), bytes: new Uint8Array(MIB) });
    await storage.write([put('a'), chunk('a'), chunk('a'), put('b'), chunk('b')]);
    await storage[Symbol.asyncDispose]();
    storage = await open(1);
    expect(await storage.write([put('c')])).toBe('full');
    expect(await storage.write([{ type: 'delete', ...file('b') }])).toBe('written');
    expect(await storage.write([{ type: 'replace', ...file('a'), value: '[]' }])).toBe('written');
    expect(await storage.write([{ type: 'replace', ...file('a'), value: '[1]' }])).toBe('full');
  });

  test('counts small records too', async () => {
    const thousands = (name: string) => Array.from({ length: 4000 }, (_, i) => put(`${name}${i}`, ''));
    for (const name of ['a', 'b', 'c', 'd']) expect(await storage.write(thousands(name))).toBe('written');
    expect(await storage.write(thousands('e'))).toBe('full');
  });

  test('forgets what has expired, and its bytes', async () => {
    const until = (ms: number) => ({ expiresAtMs: clock.ms + ms });
    const bytes = new Uint8Array(MIB);
    await storage.write([
      put('long', '{}', until(2000)),
      put('short', '{}', until(1000)),
      { type: 'append', ...file('short'), bytes },
      { type: 'append', ...file('short'), bytes },
      put('ever'),
    ]);
    clock.ms += 999;
    expect(await ids({})).toEqual({ ids: ['long', 'short', 'ever'], hasMore: false });
    clock.ms += 1;
    expect(await get('short')).toBeUndefined();
    expect(await storage.read(file('short'), 0)).toBeUndefined();
    expect(await ids({})).toEqual({ ids: ['long', 'ever'], hasMore: false });
    expect(await ids({ after: 'short' })).toBeUndefined();
    expect(await storage.write([{ type: 'delete', ...file('short') }])).toBe('missing');

    const three: Change[] = [
      put('new'),
      ...[bytes, bytes, bytes].map((bytes) => ({ type: 'append', ...file('new'), bytes }) as Change),
    ];
    expect(await storage.write(three)).toBe('written'); // its 2 MiB are free again
    await storage.write([{ type: 'replace', ...file('long'), value: '{}' }]);
    clock.ms += 10_000;
    expect(await ids({})).toEqual({ ids: ['long', 'ever', 'new'], hasMore: false }); // replaced without a time to expire
  });

  test('keeps everything when it is closed and opened again', async () => {
    await storage.write([put('a', '"é"'), { type: 'append', ...file('a'), bytes: Uint8Array.of(1, 2) }]);
    await reopen();
    expect(await get('a')).toBe('"é"');
    expect(await readAll('a')).toEqual([1, 2]);
    await storage.write([put('b')]);
    expect(await ids({})).toEqual({ ids: ['a', 'b'], hasMore: false });
  });

  test('has lost nothing it acknowledged when its process is killed', async () => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../../support/storage-writer.ts'), place.name, folder],
      { stdio: ['ignore', 'pipe', 'inherit'], detached: true }, // a group: workerd is a process of its own
    );
    let acknowledged = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      if (acknowledged === 50) break;
    }
    process.kill(-child.pid!, 'SIGKILL');
    if (child.signalCode === null) await once(child, 'exit');

    await using survivor = await place.open({ folder: join(folder, 'written'), maxMiB: 4, now: () => 0 });
    const page = await survivor.list('file', { limit: 1000, order: 'asc' });
    const survived = page!.records.map(({ id }) => Number(id));
    expect(survived.length).toBeGreaterThanOrEqual(acknowledged);
    expect(survived).toEqual(survived.map((_, i) => i + 1)); // and no hole
    for (const id of [1, acknowledged]) {
      const { bytes } = (await survivor.read(file(`${id}`), 0))!;
      expect([bytes.length, bytes[0]]).toEqual([1000, id]);
    }
  });
});
