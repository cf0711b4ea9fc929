/** What is drawn in place is what the whole row says, on every backend; and mostly the whole row is not read. */
import { describe, expect, test } from 'vitest';
import { createCoin } from '../../engine/coin.ts';
import { drawInPlace } from '../../engine/draw-in-place.ts';
import type { Sampling } from '../../engine/engine.ts';
import { createSampler } from '../../engine/sampler.ts';
import type { Device } from '../../kernels/kernels.ts';
import { fast, ref } from '../support/backends.ts';
import { normals } from '../support/numbers.ts';
import { plain } from '../support/sampling.ts';

/** Rows that say little, something and nearly all, as models' do. */
const ROWS = [
  { row: 'flat', spread: 0.5 },
  { row: 'wide', spread: 2 },
  { row: 'narrow', spread: 5 },
] as const;
const SAMPLINGS: readonly Partial<Sampling>[] = [
  {},
  { temperature: 0.7, topP: 0.9 },
  { temperature: 0.2, topP: 0.99 },
  { temperature: 1.5, minP: 0.05 },
  { temperature: 0.8, topP: 0.95, minP: 0.02 },
  { topK: 40 },
  { topK: 1 },
  { temperature: 0.7, topK: 200, topP: 0.9, minP: 0.01 },
  { topK: 5000, topP: 0.5 },
];
const LENGTH = 5000;
const COINS = 200;

describe.each([ref, ...fast])('$name', ({ create }) => {
  const sample = createSampler(LENGTH);

  describe.each(ROWS)('a $row row', ({ spread }) => {
    test.each(SAMPLINGS)('%j', async (change) => {
      const sampling = { ...plain, ...change };
      const values = normals(11, LENGTH).map((v) => Math.round(v * spread * 64) / 64); // with equals among them
      const source = rowOf(create(), values);
      const coin = createCoin(4);
      for (let i = 0; i < COINS; i++) {
        const drawn = coin();
        const id = await drawInPlace(source, sampling, drawn);
        if (id !== undefined) expect(id).toBe(sample(values, sampling, drawn));
      }
    });
  });

  test('settles nearly every draw of a row such as models give', async () => {
    const values = normals(12, LENGTH).map((v) => v * 2);
    for (let i = 0; i < 12; i++) values[400 * i] = 14 - i; // the tokens that fit
    const source = rowOf(create(), values);
    for (const change of SAMPLINGS.slice(0, -1)) {
      const coin = createCoin(5);
      let settled = 0;
      for (let i = 0; i < COINS; i++)
        if ((await drawInPlace(source, { ...plain, ...change }, coin())) !== undefined) settled++;
      expect(settled, JSON.stringify(change)).toBeGreaterThan(0.95 * COINS);
    }
  });

  test.each([
    ['a coin between two tokens', [0, 0, 0, 0], {}, 0.5],
    ['a cut between two tokens', [0, 0, 0, 0], { topP: 0.5 }, 0.1],
    ['a nucleus of more tokens than the device gives', new Array(600).fill(0), { topP: 0.9 }, 0.5],
    ['a min-p that keeps more', new Array(600).fill(0), { minP: 0.5 }, 0.5],
    ['a top-k of more', new Array(600).fill(0), { topK: 300 }, 0.5],
    ['a NaN', [0, Number.NaN, 1], {}, 0.5],
    ['an Infinity', [0, Infinity, 1], { topP: 0.9 }, 0.5],
    ['an Infinity, of the likeliest two', [0, Infinity, 1], { topK: 2 }, 0.5],
    ['nothing possible', [-Infinity, -Infinity, -Infinity], { topK: 2 }, 0.5],
  ])('leaves %s to the whole row', async (_, values, change, coin) => {
    const source = rowOf(create(), Float32Array.from(values as number[]));
    expect(await drawInPlace(source, { ...plain, ...(change as Partial<Sampling>) }, coin)).toBeUndefined();
  });
});

/** The second row of two. */
function rowOf(device: Device, values: Float32Array) {
  const { length } = values;
  const logits = device.alloc(2 * length);
  const both = new Float32Array(2 * length).fill(9);
  both.set(values, length);
  device.write(logits, both);
  return { device, logits, row: 1, length };
}
