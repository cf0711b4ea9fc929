import type { Sampling } from './engine.ts';

/** Makes tokens that were there before less likely. Remembers one sequence's tokens. */
export interface Penalties {
  /** The tokens that it changes, each once. */
  readonly ids: readonly number[];
  /** Notes a sampled token. */
  push(id: number): void;
  /**
   * Lowers, in place, the logits of the tokens of `ids`, in their order.
   *
   *     repetition, over prompt and reply:  l = l > 0 ? l / r : l · r
   *     then, over the reply:               l = l - presence - frequency · count
   *
   * Source   Keskar et al. 2019, arXiv:1909.05858, as Hugging Face and llama.cpp do it; OpenAI API reference
   */
  apply(logits: Float32Array): void;
}

/** The penalties `sampling` asks for; undefined when it asks for none. */
export function createPenalties(sampling: Sampling, prompt: Uint32Array): Penalties | undefined {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = sampling;
  if (repetitionPenalty === 1 && presencePenalty === 0 && frequencyPenalty === 0) return undefined;

  const ids = repetitionPenalty === 1 ? [] : [...new Set(prompt)];
  const counts = ids.map(() => 0); // in the reply
  const places = new Map(ids.map((id, i) => [id, i]));

  return {
    ids,
    push(id) {
      const place = places.get(id) ?? ids.push(id) - 1;
      places.set(id, place);
      counts[place] = (counts[place] ?? 0) + 1;
    },
    apply(logits) {
      for (let i = 0; i < ids.length; i++) {
        if (repetitionPenalty !== 1) {
          const logit = logits[i]!;
          logits[i] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
        }
        const count = counts[i]!;
        if (count > 0) logits[i] = logits[i]! - presencePenalty - frequencyPenalty * count;
      }
    },
  };
}
