import type { Sampling } from './engine.ts';

/** Makes tokens that were there before less likely. Remembers one sequence's tokens. */
export interface Penalties {
  /** Notes a sampled token. */
  push(id: number): void;
  /**
   * Lowers, in place, the logits of tokens seen.
   *
   *     repetition, over prompt and reply:  l = l > 0 ? l / r : l · r
   *     then, over the reply:               l = l - presence - frequency · count
   *
   * Shapes   logits (vocab)
   * Source   Keskar et al. 2019, arXiv:1909.05858, as Hugging Face and llama.cpp do it; OpenAI API reference
   */
  apply(logits: Float32Array): void;
}

/** The penalties `sampling` asks for; undefined when it asks for none. */
export function createPenalties(sampling: Sampling, prompt: Uint32Array): Penalties | undefined {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = sampling;
  if (repetitionPenalty === 1 && presencePenalty === 0 && frequencyPenalty === 0) return undefined;

  const seen = new Set(prompt);
  const counts = new Map<number, number>();

  return {
    push(id) {
      seen.add(id);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    },
    apply(logits) {
      if (repetitionPenalty !== 1)
        for (const id of seen) {
          const logit = logits[id]!;
          logits[id] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
        }
      for (const [id, count] of counts) logits[id] = logits[id]! - presencePenalty - frequencyPenalty * count;
    },
  };
}
