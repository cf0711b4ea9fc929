import { describe, expect, test } from 'vitest';
import { createCoin } from '../../engine/coin.ts';
import type { Sampling } from '../../engine/engine.ts';
import { argmax, createSampler } from '../../engine/sampler.ts';
import { obviousDistribution } from '../support/obvious-distribution.ts';
import { plain } from '../support/sampling.ts';

const random = createCoin(20260726);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const oneOf = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;

function randomCase() {
  const n = oneOf(1, 2, 3, 17, 60);
  const spread = oneOf(0, 0.1, 1, 5, 60);
  const logits = Float32Array.from({ length: n }, () => normal() * spread);
  if (random() < 0.3)
    logits.forEach((x, i) => {
      logits[i] = Math.round(x);
    }); // ties
  if (n > 2 && random() < 0.2) logits[Math.floor(random() * n)] = -Infinity; // a token ruled out
  const sampling: Sampling = {
    ...plain,
    temperature: oneOf(0.01, 0.6, 1, 2.5),
    topK: oneOf(0, 1, 2, 5, 1000),
    topP: oneOf(0.0001, 0.3171, 0.9003, 0.9991, 1),
    minP: oneOf(0, 0, 0.0513, 0.499),
  };
  return { logits, sampling };
}

describe('createSampler()', () => {
  test('gives every token the probability the obvious twin gives it', () => {
    const sample = createSampler(60);
    const points = 997;
    for (let round = 0; round < 400; round++) {
      const { logits, sampling } = randomCase();
      const expected = obviousDistribution(logits, sampling);

      // Coins spread evenly measure each token's share of [0, 1) to within one point.
      const hits = new Map<number, number>();
      for (let i = 0; i < points; i++) {
        const id = sample(logits, sampling, (i + 0.5) / points);
        hits.set(id, (hits.get(id) ?? 0) + 1);
      }

      const about = JSON.stringify({ round, sampling, logits: [...logits] });
      for (const id of hits.keys()) expect(expected.has(id), `kept ${id} in ${about}`).toBe(true);
      for (const [id, p] of expected)
        expect(Math.abs((hits.get(id) ?? 0) / points - p), `share of ${id} in ${about}`).toBeLessThanOrEqual(
          1.01 / points,
        );
    }
  });

  test('finds the same nucleus as the twin in a row of 128,256', () => {
    const vocab = 128_256;
    const sample = createSampler(vocab);
    const logits = Float32Array.from({ length: vocab }, () => normal() * 2.5);
    const max = logits[argmax(logits)]!;

    for (const sampling of [
      { ...plain, temperature: 0.6, topP: 0.9 },
      { ...plain, temperature: 0.6, topP: 0.9, topK: 5000 },
      { ...plain, topP: 0.999 },
    ]) {
      const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
      const kept = sampling.topK > 0 ? order.slice(0, sampling.topK) : order;
      const weights = kept.map((id) => Math.exp((logits[id]! - max) / sampling.temperature));
      const total = weights.reduce((sum, w) => sum + w, 0);
      let mass = 0;
      let size = 0;
      while (size < kept.length && mass <= sampling.topP * total) mass += weights[size++]!;

      expect(sample(logits, sampling, 0)).toBe(order[0]);
      expect(sample(logits, sampling, 1 - 2 ** -53)).toBe(order[size - 1]);
      expect(size).toBeGreaterThan(100);
    }
  });

  test('draws with the frequencies of the softmax when coins are thrown', () => {
    const sample = createSampler(5);
    const logits = new Float32Array([1, 0, -1, 2, -Infinity]);
    const sampling = { ...plain, temperature: 0.8 };
    const expected = obviousDistribution(logits, sampling);
    const coin = createCoin(7);

    const draws = 40_000;
    const hits = new Uint32Array(5);
    for (let i = 0; i < draws; i++) hits[sample(logits, sampling, coin())]!++;

    let chiSquare = 0;
    for (const [id, p] of expected) chiSquare += (hits[id]! - p * draws) ** 2 / (p * draws);
    expect(chiSquare).toBeLessThan(16.27); // three degrees of freedom, one in a thousand; the seed is fixed
    expect(hits[4]).toBe(0);
  });

  test('keeps the token that straddles top-p, as Meta does', () => {
    const sample = createSampler(4);
    const even = new Float32Array(4); // a quarter each: after two, the mass is exactly 0.5, which is not above 0.5
    const seen = new Set([0, 0.3, 0.5, 0.7, 0.99].map((coin) => sample(even, { ...plain, topP: 0.5 }, coin)));
    expect(seen).toEqual(new Set([0, 1, 2]));
  });

  test('is greedy at temperature 0, the lower id of equals', () => {
    const sample = createSampler(4);
    expect(sample(new Float32Array([1, 3, 3, 2]), { ...plain, temperature: 0 }, 0.99)).toBe(1);
  });

  test.each([
    ['NaN', [0, Number.NaN, 1], 'token 1 is NaN'],
    ['NaN first', [Number.NaN, 0, 1], 'token 0 is NaN'],
    ['all NaN', [Number.NaN, Number.NaN], 'token 0 is NaN'],
    ['an overflow', [0, Infinity, 1], 'token 1 is Infinity'],
    ['nothing possible', [-Infinity, -Infinity], 'token 0 is -Infinity'],
  ])('refuses a row with %s', (_, row, message) => {
    const sample = createSampler(3);
    for (const temperature of [0, 1])
      for (const topP of [0.9, 1])
        expect(() => sample(new Float32Array(row), { ...plain, temperature, topP }, 0.5)).toThrow(message);
  });
});
