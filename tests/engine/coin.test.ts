import { describe, expect, test } from 'vitest';
import { createCoin } from '../../engine/coin.ts';

const first = (seed: number, count: number) => {
  const coin = createCoin(seed);
  return Array.from({ length: count }, coin);
};

describe('createCoin()', () => {
  test('throws the same coins for the same seed, and others for another', () => {
    expect(first(42, 5)).toEqual(first(42, 5));
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, -(2 ** 40)];
    expect(new Set(seeds.map((seed) => first(seed, 1)[0])).size).toBe(seeds.length);
  });

  test('is uniform in [0, 1), bit by bit', () => {
    const draws = 20_000;
    const tenths = new Uint32Array(10);
    const ones = new Uint32Array(53);
    for (const coin of first(3, draws)) {
      expect(coin >= 0 && coin < 1).toBe(true);
      tenths[Math.floor(coin * 10)]!++;
      let rest = coin;
      for (let bit = 0; bit < 53; bit++) {
        rest *= 2;
        if (rest >= 1) {
          ones[bit]!++;
          rest -= 1;
        }
      }
    }
    const chiSquare = tenths.reduce((sum, n) => sum + (n - draws / 10) ** 2 / (draws / 10), 0);
    expect(chiSquare).toBeLessThan(27.88); // nine degrees of freedom, one in a thousand
    for (const n of ones) expect(Math.abs(n / draws - 0.5)).toBeLessThan(0.015); // four standard deviations
  });
});
