import type { Sampling } from './engine.ts';

/** What the candidates weigh, and how well that is known. */
export interface Weights {
  /** e^((logit - max) / temperature) of the likeliest tokens, the likeliest first. */
  readonly best: Float64Array;
  /** Of all tokens that top-p is a share of. */
  readonly total: number;
  /** How far `total` may be off. */
  readonly doubt: number;
  /** Whether there are no other candidates. */
  readonly isAll: boolean;
}

/**
 * Cuts by top-p and min-p, and draws one of what is left.
 *
 * Returns   a place in `best`; undefined when the cut may lie elsewhere, as more candidates or a better total would tell
 */
export function drawBest(
  { best, total, doubt, isAll }: Weights,
  { topP, minP }: Pick<Sampling, 'topP' | 'minP'>,
  coin: number,
): number | undefined {
  const wanted = topP * total;
  let kept = 0;
  let mass = 0;
  while (mass <= wanted) {
    if (doubt > 0 && mass >= wanted - doubt) return undefined;
    if (kept === best.length) {
      if (!isAll) return undefined;
      break;
    }
    const weight = best[kept]!;
    if (weight < minP || weight === 0) break;
    mass += weight;
    kept++;
  }
  if (doubt > 0 && mass > wanted && mass <= wanted + doubt) return undefined;

  let left = coin * mass;
  for (let i = 0; i < kept; i++) {
    left -= best[i]!;
    if (left < 0) return i;
  }
  return kept - 1; // rounding left a sliver past the end
}
