import { describe, expect, test } from 'vitest';
import { createFixedKeys, createKeySource, type Versioned } from '../../../app/access/key-source.ts';
import { secretOf, testKey } from '../../support/test-keys.ts';

function setUp() {
  const clock = { ms: 1_000_000 };
  const file: { now: Versioned | Error; reads: number } = { now: versioned(1, 'a'), reads: 0 };
  const errors: unknown[] = [];
  const keys = createKeySource({
    read: async (version) => {
      file.reads++;
      if (file.now instanceof Error) throw file.now;
      return file.now.version === version ? undefined : file.now;
    },
    everyMs: 1_000,
    now: () => clock.ms,
    onError: (error) => errors.push(error),
  });
  const ids = async () => (await keys()).map(({ id }) => id);
  return { clock, file, errors, ids };
}

const versioned = (version: number, ...ids: string[]): Versioned => ({
  version: String(version),
  text: JSON.stringify({ keys: ids.map((id) => testKey(id)) }),
});

describe('a keys file', () => {
  test('is read again when it has changed, and looked at no more often than it should be', async () => {
    const { clock, file, ids } = setUp();
    expect(await ids()).toEqual(['a']);
    file.now = versioned(2, 'b', 'c');
    clock.ms += 999;
    expect(await ids()).toEqual(['a']);
    expect(file.reads).toBe(1);
    clock.ms += 1;
    expect(await ids()).toEqual(['b', 'c']);
    expect(await ids()).toEqual(['b', 'c']);
    expect(file.reads).toBe(2);
  });

  test('is looked at when the clock was put back', async () => {
    const { clock, file, ids } = setUp();
    await ids();
    file.now = versioned(2, 'b');
    clock.ms -= 3_600_000;
    expect(await ids()).toEqual(['b']);
  });

  test.each([
    { what: 'is away', now: new Error('ENOENT') },
    { what: 'is broken', now: { version: '2', text: '{' } },
  ])(
    'that $what leaves the keys that were known, says so, and holds again when it is well',
    async ({ now }) => {
      const { clock, file, errors, ids } = setUp();
      await ids();
      file.now = now;
      clock.ms += 1_000;
      expect(await ids()).toEqual(['a']);
      expect(errors).toHaveLength(1);
      file.now = versioned(3, 'b');
      clock.ms += 1_000;
      expect(await ids()).toEqual(['b']);
    },
  );

  test('that was never read lets nobody in, and is tried again', async () => {
    const { file, ids } = setUp();
    file.now = { version: '1', text: '{' };
    await expect(ids()).rejects.toThrow('it is not JSON');
    await expect(ids()).rejects.toThrow('it is not JSON');
    file.now = versioned(1, 'a');
    expect(await ids()).toEqual(['a']);
  });

  test('is not waited for by who comes while it is read', async () => {
    let finish = (_: Versioned) => {};
    let now = 0;
    let reads = 0;
    const keys = createKeySource({
      read: () =>
        reads++ === 0 ? Promise.resolve(versioned(1, 'a')) : new Promise((resolve) => (finish = resolve)),
      everyMs: 10,
      now: () => now,
      onError: () => {},
    });
    await keys();
    now = 10;
    const first = keys();
    expect((await keys()).map(({ id }) => id)).toEqual(['a']);
    finish(versioned(2, 'b'));
    expect((await first).map(({ id }) => id)).toEqual(['b']);
  });
});

describe('a secret', () => {
  test('has keys with commas between, of which only the hashes are kept', async () => {
    const keys = await createFixedKeys(` ${secretOf('a')},, ${secretOf('b')} `)();
    expect(keys).toEqual([testKey('a'), testKey('b')].map((key, i) => ({ ...key, id: `key-${i + 1}` })));
    expect(JSON.stringify(keys)).not.toContain('secret');
  });

  test('may be the text of a keys file', async () => {
    expect(await createFixedKeys(` ${versioned(1, 'a').text}`)()).toEqual([testKey('a')]);
    expect(() => createFixedKeys('{"keys": 1}')).toThrow('keys: ');
  });
});
