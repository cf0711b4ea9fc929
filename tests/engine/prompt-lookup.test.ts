import { describe, expect, test } from 'vitest';
import { createCoin } from '../../engine/coin.ts';
import { createPromptLookup } from '../../engine/prompt-lookup.ts';

/** The same by looking through the whole text at each token. */
function slowLookup() {
  const text: number[] = [];
  let source = 0;
  const gramAt = (end: number) => text.slice(end - 3, end).join();
  return {
    push(id: number) {
      const foretold = source > 0 ? text[source] === id : undefined;
      text.push(id);
      if (foretold) source++;
      else {
        source = text.length - 1;
        while (source >= 3 && gramAt(source) !== gramAt(text.length)) source--;
        if (source < 3) source = 0;
      }
      return foretold;
    },
    foretell(count: number) {
      const all = [...text];
      for (let i = 0; i < count; i++) all.push(all[source + i]!);
      return source > 0 ? all.slice(text.length) : [];
    },
  };
}

const pushAll = (lookup: ReturnType<typeof createPromptLookup>, ids: Iterable<number>) => {
  for (const id of ids) lookup.push(id);
};

describe('createPromptLookup()', () => {
  test.each([2, 3, 5, 9])(
    'foretells what a search through all of the text does, of %i letters',
    (letters) => {
      const coin = createCoin(letters);
      const [fast, slow] = [createPromptLookup(2 ** 20), slowLookup()];
      let hits = 0;
      for (let i = 0; i < 3000; i++) {
        const id = 1000 + Math.floor(coin() ** 3 * letters);
        const foretold = fast.push(id);
        expect(foretold).toBe(slow.push(id));
        expect([...fast.foretell(7)]).toEqual(slow.foretell(7));
        hits += Number(foretold ?? false);
      }
      expect(hits).toBeGreaterThan(300);
    },
  );

  test('says nothing of what is new', () => {
    const lookup = createPromptLookup(8);
    pushAll(lookup, [1, 2, 3, 4, 1, 2]);
    expect(lookup.foretell(4)).toHaveLength(0);
    expect(lookup.push(9)).toBeUndefined();
  });

  test('keeps to the place it quotes while that goes well, and takes the latest otherwise', () => {
    const lookup = createPromptLookup(64);
    pushAll(lookup, [1, 2, 3, 4, 5, 6, 0, 3, 4, 5, 9, 1, 2, 3]);
    expect([...lookup.foretell(3)]).toEqual([4, 5, 6]);
    pushAll(lookup, [4, 5]); // the latest 3 4 5 went on with 9
    expect([...lookup.foretell(2)]).toEqual([6, 0]);
    expect(lookup.push(7)).toBe(false);
    expect(lookup.foretell(1)).toHaveLength(0);
    pushAll(lookup, [3, 4, 5]);
    expect([...lookup.foretell(1)]).toEqual([7]);
  });

  test('a text that repeats itself goes on so', () => {
    const lookup = createPromptLookup(16);
    pushAll(lookup, [1, 2, 1, 2, 1]);
    expect([...lookup.foretell(5)]).toEqual([2, 1, 2, 1, 2]);
  });

  test('never takes one text for another when their hashes meet', () => {
    const coin = createCoin(1);
    const length = 60_000;
    const lookup = createPromptLookup(length);
    const seen = new Map<string, Set<number>>(); // three ids → what followed
    let last: number[] = [];
    let checked = 0;
    for (let i = 0; i < length; i++) {
      const id = Math.floor(coin() * 128_256 * (i % 3 === 0 ? 1 : 1e-4));
      const [expected] = lookup.foretell(1);
      if (expected !== undefined && lookup.foretell(1).length > 0) {
        checked++;
        expect(seen.get(last.join())?.has(expected)).toBe(true);
      }
      if (last.length === 3) {
        const key = last.join();
        seen.set(key, (seen.get(key) ?? new Set()).add(id));
      }
      last = [...last, id].slice(-3);
      lookup.push(id);
    }
    expect(checked).toBeGreaterThan(0);
  });
});
