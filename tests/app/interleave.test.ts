import { describe, expect, test } from 'vitest';
import { interleave } from '../../app/interleave.ts';

/** A source that counts how often it was asked, and notes that it was left. */
function source(items: readonly (string | Promise<string> | Error)[]) {
  const state = { asked: 0, left: false };
  async function* read() {
    try {
      for (const item of items) {
        state.asked++;
        if (item instanceof Error) throw item;
        yield await item;
      }
    } finally {
      state.left = true;
    }
  }
  return { state, items: read() };
}

async function all(sources: AsyncIterable<string>[]): Promise<string[]> {
  const seen: string[] = [];
  for await (const { index, item } of interleave(sources)) seen.push(`${index}${item}`);
  return seen;
}

describe('interleave()', () => {
  test('gives every item once, and each source its turn', async () => {
    const sources = [source(['a', 'b', 'c']), source(['d']), source(['e', 'f', 'g'])];
    const seen = await all(sources.map(({ items }) => items));
    expect(seen.slice(0, 3)).toEqual(['0a', '1d', '2e']);
    expect([...seen].sort()).toEqual(['0a', '0b', '0c', '1d', '2e', '2f', '2g']);
    for (const own of [
      ['0a', '0b', '0c'],
      ['2e', '2f', '2g'],
    ]) // each in its own order
      expect(seen.filter((item) => own.includes(item))).toEqual(own);
  });

  test('does not wait for a slow one', async () => {
    const gate = Promise.withResolvers<string>();
    const sources = [source([gate.promise]), source(['x', 'y', 'z'])];
    const reading = interleave(sources.map(({ items }) => items));
    for (const letter of ['x', 'y', 'z']) expect((await reading.next()).value?.item).toBe(letter);
    gate.resolve('late');
    expect((await reading.next()).value).toEqual({ index: 0, item: 'late' });
    expect((await reading.next()).done).toBe(true);
  });

  test('asks each for one item ahead at most', async () => {
    const sources = [source(['a', 'b', 'c', 'd']), source(['e', 'f', 'g', 'h'])];
    const reading = interleave(sources.map(({ items }) => items));
    await reading.next();
    await new Promise((resolve) => setTimeout(resolve));
    expect(sources.map(({ state }) => state.asked)).toEqual([1, 1]);
    await reading.return(undefined);
  });

  test('leaves all when one fails, and when the reader does', async () => {
    const failing = [source(['a', 'b', 'c']), source([new Error('broken')])];
    await expect(all(failing.map(({ items }) => items))).rejects.toThrow('broken');
    expect(failing.map(({ state }) => state.left)).toEqual([true, true]);

    const left = [source(['a', 'b']), source(['c', 'd'])];
    for await (const _ of interleave(left.map(({ items }) => items))) break;
    expect(left.map(({ state }) => state.left)).toEqual([true, true]);
  });
});
