import type { Sampling } from '../../engine/engine.ts';

/** The model's own distribution: no cut, no penalty. */
export const plain: Sampling = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: undefined,
};

export const greedy: Sampling = { ...plain, temperature: 0 };
