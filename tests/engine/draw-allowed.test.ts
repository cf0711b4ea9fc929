import { describe, expect, test } from 'vitest';
import { createDrawAllowed } from '../../engine/draw-allowed.ts';
import type { Sampling } from '../../engine/engine.ts';
import { LogitsError, NothingAllowedError } from '../../engine/errors.ts';
import type { Matcher } from '../../engine/grammar/grammar.ts';
import { createSampler } from '../../engine/sampler.ts';
import { fast, ref } from '../support/backends.ts';
import { normals } from '../support/numbers.ts';
import { greedy, plain } from '../support/sampling.ts';

const LENGTH = 20_011; // not whole words of a mask, and more than are looked at alone

/** A matcher that always allows the same tokens. */
const allowing = (isAllowed: (id: number) => boolean): Matcher => ({
  mask(into) {
    for (let id = 0; id < LENGTH; id++) if (isAllowed(id)) into[id >> 5]! |= 1 << (id & 31);
  },
  accepts: isAllowed,
  push: () => {},
  isComplete: false,
  isFinished: false,
});

const matchers: readonly [string, Matcher][] = [
  ['one token', allowing((id) => id === 19_999)],
  ['the last token', allowing((id) => id === LENGTH - 1)],
  ['a few', allowing((id) => id % 997 === 3)],
  ['a third', allowing((id) => id % 3 === 1)],
  ['most', allowing((id) => id % 61 !== 5)],
  ['all', allowing(() => true)],
];
const samplings: readonly Sampling[] = [
  greedy,
  plain,
  { ...plain, temperature: 0.3 },
  { ...plain, topK: 3 },
  { ...plain, temperature: 1.7, topP: 0.8 },
  { ...plain, minP: 0.2, topP: 0.95, topK: 200 },
];

const logits = normals(7, LENGTH).map((x) => 3 * x);

/** Draws, and how many coins that took. */
async function draw(
  matcher: Matcher,
  sampling: Sampling,
  coin: number,
  { create = ref.create, row = logits } = {},
) {
  const device = create();
  const rows = device.alloc(2 * LENGTH);
  device.write(rows, Float32Array.of(...new Float32Array(LENGTH).fill(Number.NaN), ...row));
  let coins = 0;
  const id = await createDrawAllowed(LENGTH, createSampler(LENGTH))(
    { device, logits: rows, row: 1, length: LENGTH },
    {
      matcher,
      sampling,
      coin: () => {
        coins++;
        return coin;
      },
    },
  );
  return { id, coins };
}

const cases = [ref, ...fast].flatMap((backend) =>
  matchers.map((matcher) => ({ backend, what: matcher[0], matcher: matcher[1] })),
);

describe.each(cases)('$backend.name, where $what may come', ({ backend: { create }, matcher }) => {
  test.each(samplings)('draws as if there were no others: %j', async (sampling) => {
    const masked = logits.map((logit, id) => (matcher.accepts(id) ? logit : -Infinity));
    const sample = createSampler(LENGTH);
    for (const coin of [0, 0.123, 0.5, 0.87, 0.999]) {
      const { id, coins } = await draw(matcher, sampling, coin, { create });
      expect(id).toBe(sample(masked, sampling, coin));
      expect(coins).toBe(sampling === greedy ? 0 : 1);
    }
  });
});

test('says when nothing may come, or nothing that may come has a logit', async () => {
  await expect(
    draw(
      allowing(() => false),
      greedy,
      0,
    ),
  ).rejects.toThrow(NothingAllowedError);
  await expect(
    draw(
      allowing(() => false),
      plain,
      0.5,
    ),
  ).rejects.toThrow(NothingAllowedError);
  const nan = logits.slice().fill(Number.NaN);
  for (const [, matcher] of matchers)
    await expect(draw(matcher, greedy, 0, { row: nan })).rejects.toThrow(LogitsError);
  const never = logits.slice().fill(-Infinity, 0, 3000);
  await expect(
    draw(
      allowing((id) => id < 3000),
      plain,
      0.5,
      { row: never },
    ),
  ).rejects.toThrow(LogitsError);
});
