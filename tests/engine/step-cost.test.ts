import { describe, expect, test } from 'vitest';
import { createStepCost } from '../../engine/step-cost.ts';

const measured = (ms: Readonly<Record<number, number>>, times = 50) => {
  const cost = createStepCost();
  for (let i = 0; i < times; i++)
    for (const [rows, time] of Object.entries(ms)) cost.observe(Number(rows), time);
  return cost;
};

describe('createStepCost()', () => {
  test('guesses before it has measured, and knows that it does not know', () => {
    const cost = createStepCost();
    expect([1, 2, 3, 8].map(cost.ratio)).toEqual([1, 1.5, 2, 4.5]);
    expect(cost.isKnown).toBe(false);
    cost.observe(1, 10);
    expect([cost.isKnown, cost.singleMs]).toEqual([true, 10]);
  });

  test('learns each number of rows by itself', () => {
    const cost = measured({ 1: 10, 2: 19, 4: 21 });
    expect(cost.singleMs).toBeCloseTo(10);
    expect([2, 4].map(cost.ratio)).toEqual([expect.closeTo(1.9), expect.closeTo(2.1)]);
    expect([2, 4].map(cost.worstRatio)).toEqual([2, 4].map(cost.ratio));
  });

  test('hopes that what was not measured is as cheap a row as the cheapest that was, and fears that it is not', () => {
    const cost = measured({ 1: 10, 2: 19, 4: 21 });
    expect([3, 8].map(cost.ratio)).toEqual([
      expect.closeTo(1 + (2 * 1.1) / 3),
      expect.closeTo(1 + (7 * 1.1) / 3),
    ]);
    expect([3, 8].map(cost.worstRatio)).toEqual([3, 8]);
    expect(measured({ 1: 10, 2: 19 }).ratio(8)).toBe(4.5); // what is dearer than the guess says nothing of others
    expect(measured({ 1: 10, 2: 9 }).ratio(8)).toBe(1);
  });

  test('follows a machine that slows down, and in the end forgets what plain passes have outlived', () => {
    const cost = measured({ 1: 10, 2: 19 });
    for (let i = 0; i < 50; i++) cost.observe(1, 30);
    expect(cost.singleMs).toBeCloseTo(30);
    expect(cost.ratio(2)).toBeCloseTo(1.9);
    for (let i = 0; i < 2000; i++) cost.observe(1, 30);
    expect(cost.ratio(2)).toBe(1.5);
  });

  test('takes no pass to cost more than its rows one by one', () => {
    const cost = measured({ 1: 10 });
    expect(cost.observe(3, 10_000)).toBe(3);
    expect(cost.ratio(3)).toBe(3);
  });

  test('wants one row measured again after 16 passes of several', () => {
    const cost = measured({ 1: 10 });
    for (let i = 0; i < 15; i++) cost.observe(4, 20);
    expect(cost.isKnown).toBe(true);
    cost.observe(4, 20);
    expect(cost.isKnown).toBe(false);
    cost.observe(1, 10);
    expect(cost.isKnown).toBe(true);
  });

  test('knows nothing by a clock that stands still', () => {
    expect(measured({ 1: 0 }).isKnown).toBe(false);
  });
});
