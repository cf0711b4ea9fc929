import { describe, expect, test } from 'vitest';
import { createRunningMean } from '../../engine/running-mean.ts';

describe('createRunningMean()', () => {
  test('begins as the guess and moves with what it sees, the newest most, as worked by hand', () => {
    const mean = createRunningMean(0.5, 2, 0.5);
    expect(mean.value).toBe(0.5);
    mean.add(1);
    expect(mean.value).toBe((1 + 1) / (2 + 1));
    mean.add(0);
    expect(mean.value).toBe((1 + 0.5) / (2 + 1.5));
    mean.add(1);
    expect(mean.value).toBe((1 + 1.25) / (2 + 1.75));
  });

  test('without a guess is what it saw, or nothing', () => {
    const mean = createRunningMean(0, 0, 0.8);
    expect(mean.value).toBeNaN();
    mean.add(7);
    expect(mean.value).toBe(7);
  });
});
