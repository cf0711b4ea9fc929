import type { Sampling } from '../../engine/engine.ts';

/** The sampler's judge: sorts everything, one stage after another, as the papers put it. Probabilities by id. */
export function obviousDistribution(
  logits: Float32Array,
  { temperature, topK, topP, minP }: Sampling,
): Map<number, number> {
  const normalise = (entries: { id: number; p: number }[]) => {
    const total = entries.reduce((sum, { p }) => sum + p, 0);
    return entries.map(({ id, p }) => ({ id, p: p / total }));
  };
  const max = Math.max(...logits);
  let kept = [...logits].map((logit, id) => ({ id, p: Math.exp((logit - max) / temperature), logit }));
  kept.sort((a, b) => b.logit - a.logit || a.id - b.id);
  if (topK > 0) kept = kept.slice(0, topK);

  let probs = normalise(kept);
  if (topP < 1) {
    let before = 0;
    probs = probs.filter(({ p }) => {
      const keep = before <= topP;
      before += p;
      return keep;
    });
  }
  const bar = probs[0]!.p * minP;
  return new Map(normalise(probs.filter(({ p }) => p > 0 && p >= bar)).map(({ id, p }) => [id, p]));
}
