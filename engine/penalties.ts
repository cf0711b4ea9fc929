import type { Sampling } from './engine.ts';

/** Biases, and what makes tokens that were there before less likely. Remembers one sequence's tokens. */
export interface Penalties {
  /** The tokens that it changes, each once. */
  readonly ids: readonly number[];
  /** Notes a sampled token. */
  push(id: number): void;
  /**
   * Changes, in place, the logits of the tokens of `ids`, in their order.
   *
   *     biases:                             l = l + bias
   *     repetition, over prompt and reply:  l = l > 0 ? l / r : l · r
   *     then, over the reply:               l = l - presence - frequency · count
   *
   * Source   Keskar et al. 2019, arXiv:1909.05858, as Hugging Face and llama.cpp do it; OpenAI API reference
   */
  apply(logits: Float32Array): void;
}

/** The biases and penalties `sampling` asks for; undefined when it asks for none. */
export function createPenalties(sampling: Sampling, prompt: Uint32Array): Penalties | undefined {
  const { repetitionPenalty, presencePenalty, frequencyPenalty, logitBias } = sampling;
  const penalises = repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;
  const biased = [...(logitBias ?? [])].filter(([, bias]) => bias !== 0);
  if (!penalises && biased.length === 0) return undefined;

  const ids: number[] = [];
  const tokens: { bias: number; seen: boolean; count: number }[] = []; // seen in prompt or reply, counted in the reply
  const places = new Map<number, number>();

  function tokenOf(id: number) {
    const place = places.get(id) ?? ids.push(id) - 1;
    places.set(id, place);
    tokens[place] ??= { bias: 0, seen: false, count: 0 };
    return tokens[place];
  }

  for (const [id, bias] of biased) tokenOf(id).bias = bias;
  if (repetitionPenalty !== 1) for (const id of prompt) tokenOf(id).seen = true;

  return {
    ids,
    push(id) {
      if (!penalises) return;
      const token = tokenOf(id);
      token.seen = true;
      token.count++;
    },
    apply(logits) {
      for (const [i, { bias, seen, count }] of tokens.entries()) {
        if (bias !== 0) logits[i] = logits[i]! + bias;
        if (seen && repetitionPenalty !== 1) {
          const logit = logits[i]!;
          logits[i] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
        }
        if (count > 0) logits[i] = logits[i]! - presencePenalty - frequencyPenalty * count;
      }
    },
  };
}
