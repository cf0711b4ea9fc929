import { describe, expect, test } from 'vitest';
import { createPenalties, type Penalties } from '../../engine/penalties.ts';
import { plain } from '../support/sampling.ts';

/** A whole row's logits, of which `penalties` changes those that are its own. */
function penalised(penalties: Penalties, row: readonly number[]): number[] {
  const own = Float32Array.from(penalties.ids, (id) => row[id]!);
  penalties.apply(own);
  return row.map((logit, id) => (penalties.ids.includes(id) ? own[penalties.ids.indexOf(id)]! : logit));
}

describe('createPenalties()', () => {
  test('is nothing when nothing is asked', () => {
    expect(createPenalties(plain, new Uint32Array([1, 2]))).toBeUndefined();
  });

  test('repetition divides what is above zero and multiplies what is below, once, for prompt and reply', () => {
    const penalties = createPenalties({ ...plain, repetitionPenalty: 2 }, new Uint32Array([0, 0, 1]))!;
    penalties.push(3);
    penalties.push(3);
    expect(penalised(penalties, [4, -4, 4, 6])).toEqual([2, -8, 4, 3]);
  });

  test('presence counts once and frequency each time, over the reply alone', () => {
    const sampling = { ...plain, presencePenalty: 0.5, frequencyPenalty: 0.25 };
    const penalties = createPenalties(sampling, new Uint32Array([0]))!;
    penalties.push(1);
    penalties.push(2);
    penalties.push(2);
    expect(penalised(penalties, [1, 1, 1])).toEqual([1, 0.25, 0]);
  });

  test('repetition comes before presence', () => {
    const penalties = createPenalties(
      { ...plain, repetitionPenalty: 2, presencePenalty: 1 },
      new Uint32Array(),
    )!;
    penalties.push(0);
    expect(penalised(penalties, [4])).toEqual([1]);
  });

  test('touches only tokens it must, each once', () => {
    const prompt = new Uint32Array([5, 5, 9]);
    const penalties = createPenalties({ ...plain, frequencyPenalty: 1 }, prompt)!;
    for (const id of [7, 5, 7]) penalties.push(id);
    expect(penalties.ids).toEqual([7, 5]);
  });

  test('adds biases first, whatever was said', () => {
    const logitBias = new Map([
      [0, 3],
      [1, -100],
      [2, 0],
    ]);
    const biased = createPenalties({ ...plain, logitBias }, new Uint32Array([2]))!;
    biased.push(0);
    expect(biased.ids).toEqual([0, 1]);
    expect(penalised(biased, [1, 1, 1])).toEqual([4, -99, 1]);

    const both = createPenalties({ ...plain, logitBias, repetitionPenalty: 2 }, new Uint32Array([0]))!;
    expect(penalised(both, [1, 1, 1])).toEqual([2, -99, 1]); // (1 + 3) / 2; nobody said the second
  });
});
