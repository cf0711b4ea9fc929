// Draws a token from a row of logits. Llama 3.2's vocabulary has 128,256 entries, so nothing here sorts a whole
// row: a histogram finds where the cut of top-k or top-p lies, and only what is above it is sorted.
import { drawBest } from './draw-best.ts';
import type { Sampling } from './engine.ts';
import { LogitsError } from './errors.ts';

/**
 * Chooses a token id.
 *
 * The order of the stages is Hugging Face's: temperature, top-k, top-p over what top-k left, min-p.
 *
 * Shapes   logits (vocab), penalties already applied
 * Units    coin uniform in [0, 1)
 * Throws   LogitsError when a logit is NaN or +Infinity, or all are -Infinity
 */
export type Sampler = (logits: Float32Array, sampling: Sampling, coin: number) => number;

/** Below this a softmax has one winner in any case, and 1 / temperature overflows. */
export const GREEDY_BELOW = 1e-5;

const BUCKETS = 1024; // and 32 to one unit of logit / temperature: e^-32 of the best is below any cut that matters
const BUCKETS_PER_NAT = 32;
const ID_RANGE = 2 ** 21; // an id and 32 bits of logit fit the 53 bits of a double
const ROUNDING = 1 + 1e-9; // bucket sums and running sums round differently; a bucket too many is harmless

/** The id of the largest logit; the lower id of equals. Throws as `Sampler` does. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  let max = -Infinity;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (logit <= max) continue;
    if (Number.isNaN(logit)) throw new LogitsError(id, logit);
    best = id;
    max = logit;
  }
  if (!Number.isFinite(max)) throw new LogitsError(best, max);
  return best;
}

/** A sampler with scratch for rows of up to `vocabSize` logits. Share it: it remembers nothing between calls. */
export function createSampler(vocabSize: number): Sampler {
  const scratch = new Float64Array(vocabSize);
  const bits = new DataView(new ArrayBuffer(4));
  const bucketMass = new Float64Array(BUCKETS);
  const bucketCount = new Uint32Array(BUCKETS);

  return (logits, sampling, coin) => {
    const best = argmax(logits);
    if (sampling.temperature < GREEDY_BELOW) return best;

    const max = logits[best]!;
    const topK = Math.min(sampling.topK || logits.length, logits.length);
    const isCut = topK < logits.length || sampling.topP < 1;
    return isCut ? drawCut(logits, max, topK, sampling, coin) : drawAny(logits, max, sampling, coin);
  };

  /** No cut to find: weighs every id in turn. */
  function drawAny(logits: Float32Array, max: number, { temperature, minP }: Sampling, coin: number): number {
    const perNat = 1 / temperature;
    let total = 0;
    for (let id = 0; id < logits.length; id++) {
      const weight = Math.exp((logits[id]! - max) * perNat);
      const kept = weight < minP ? 0 : weight;
      scratch[id] = kept;
      total += kept;
    }

    let left = coin * total;
    let last = 0;
    for (let id = 0; id < logits.length; id++) {
      const weight = scratch[id]!;
      if (weight === 0) continue;
      left -= weight;
      if (left < 0) return id;
      last = id;
    }
    return last; // rounding left a sliver past the end
  }

  function drawCut(
    logits: Float32Array,
    max: number,
    topK: number,
    sampling: Sampling,
    coin: number,
  ): number {
    const { temperature, topP } = sampling;
    const perNat = 1 / temperature;
    const byCount = topK < logits.length;
    const found = byCount ? cutByCount(logits, max, perNat, topK) : cutByMass(logits, max, perNat, topP);
    const ids = sortAbove(logits, max, perNat, found.cut)
      .subarray(0, topK)
      .map((key) => key % ID_RANGE);
    const best = ids.map((id) => Math.exp((logits[id]! - max) * perNat));

    const total = byCount ? best.reduce((sum, weight) => sum + weight, 0) : found.mass;
    return ids[drawBest({ best, total, doubt: 0, isAll: true }, sampling, coin)!]!;
  }

  /** The bucket in which the `topK`th best logit lies. Its mass is summed later, over the k alone. */
  function cutByCount(logits: Float32Array, max: number, perNat: number, topK: number) {
    const scale = perNat * BUCKETS_PER_NAT;
    bucketCount.fill(0);
    for (let id = 0; id < logits.length; id++)
      bucketCount[Math.min(BUCKETS - 1, (max - logits[id]!) * scale) | 0]!++;

    let cut = 0;
    for (let count = bucketCount[0]!; count < topK; count += bucketCount[cut]!) cut++;
    return { cut, mass: 0 };
  }

  /** The bucket in which the mass of the best logits passes `topP` of all, and the mass of all. */
  function cutByMass(logits: Float32Array, max: number, perNat: number, topP: number) {
    bucketMass.fill(0);
    for (let id = 0; id < logits.length; id++) {
      const below = (max - logits[id]!) * perNat;
      const bucket = Math.min(BUCKETS - 1, below * BUCKETS_PER_NAT) | 0;
      bucketMass[bucket] = bucketMass[bucket]! + Math.exp(-below);
    }

    let mass = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) mass += bucketMass[bucket]!;
    const wanted = topP * mass * ROUNDING;

    let cut = 0;
    for (let above = bucketMass[0]!; above <= wanted && cut < BUCKETS - 1; above += bucketMass[cut]!) cut++;
    return { cut, mass };
  }

  /** The ids in buckets up to `cut`, best first, each as the low bits of a key that sorts that way. */
  function sortAbove(logits: Float32Array, max: number, perNat: number, cut: number): Float64Array {
    const scale = perNat * BUCKETS_PER_NAT;
    const end = cut === BUCKETS - 1 ? Infinity : cut + 1;

    let count = 0;
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id]!;
      const below = (max - logit) * scale;
      if (below < end || end === Infinity) scratch[count++] = worseness(logit) * ID_RANGE + id;
    }
    return scratch.subarray(0, count).sort();
  }

  /** An f32 as an unsigned integer that grows as the number falls. */
  function worseness(logit: number): number {
    bits.setFloat32(0, logit + 0); // -0 becomes 0
    const raw = bits.getInt32(0);
    return raw < 0 ? raw >>> 0 : 0x7fffffff - raw;
  }
}
