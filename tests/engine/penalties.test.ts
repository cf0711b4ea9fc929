import { describe, expect, test } from 'vitest';
import type { Sampling } from '../../engine/engine.ts';
import { createPenalties } from '../../engine/penalties.ts';

const none: Sampling = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: undefined,
};

describe('createPenalties()', () => {
  test('is nothing when nothing is asked', () => {
    expect(createPenalties(none, new Uint32Array([1, 2]))).toBeUndefined();
  });

  test('repetition divides what is above zero and multiplies what is below, once, for prompt and reply', () => {
    const penalties = createPenalties({ ...none, repetitionPenalty: 2 }, new Uint32Array([0, 0, 1]))!;
    penalties.push(3);
    penalties.push(3);
    const logits = new Float32Array([4, -4, 4, 6]);
    penalties.apply(logits);
    expect([...logits]).toEqual([2, -8, 4, 3]);
  });

  test('presence counts once and frequency each time, over the reply alone', () => {
    const sampling = { ...none, presencePenalty: 0.5, frequencyPenalty: 0.25 };
    const penalties = createPenalties(sampling, new Uint32Array([0]))!;
    penalties.push(1);
    penalties.push(2);
    penalties.push(2);
    const logits = new Float32Array([1, 1, 1]);
    penalties.apply(logits);
    expect([...logits]).toEqual([1, 0.25, 0]);
  });

  test('repetition comes before presence', () => {
    const penalties = createPenalties(
      { ...none, repetitionPenalty: 2, presencePenalty: 1 },
      new Uint32Array(),
    )!;
    penalties.push(0);
    const logits = new Float32Array([4]);
    penalties.apply(logits);
    expect(logits[0]).toBe(1);
  });
});
