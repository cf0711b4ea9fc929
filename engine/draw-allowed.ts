import { drawInPlace, type LogitRow } from './draw-in-place.ts';
import type { Sampling } from './engine.ts';
import { NothingAllowedError } from './errors.ts';
import type { Matcher } from './grammar/grammar.ts';
import { GREEDY_BELOW, type Sampler } from './sampler.ts';

/** What a draw is from, besides the row. */
export interface AllowedDraw {
  readonly matcher: Matcher;
  readonly sampling: Sampling;
  readonly coin: () => number;
}

const FIRST_TRIED = 8; // likeliest tokens, when the likeliest that is allowed is wanted
const FEW = 8192; // allowed tokens that are better looked at alone

/**
 * Draws one of the tokens that a matcher allows, as if there were no others: they are left out before top-k, top-p and
 * min-p. It may change the row.
 *
 * Throws   LogitsError, NothingAllowedError
 */
export function createDrawAllowed(length: number, sample: Sampler) {
  const mask = new Uint32Array(Math.ceil(length / 32));
  let never: Float32Array | undefined; // made once it is needed: 513 kB with Llama 3's vocabulary

  return async (source: LogitRow, { matcher, sampling, coin }: AllowedDraw): Promise<number> => {
    const { device, logits, row } = source;
    const isGreedy = sampling.temperature < GREEDY_BELOW;
    if (isGreedy) {
      const { ids, values } = await device.topK(logits, row, length, FIRST_TRIED);
      const place = ids.findIndex((id, i) => Number.isFinite(values[i]) && matcher.accepts(id));
      if (place >= 0) return ids[place]!;
    }

    mask.fill(0);
    matcher.mask(mask);
    const drawn = isGreedy ? 0 : coin();
    const allowed = countBits(mask);
    if (allowed === 0) throw new NothingAllowedError();
    if (allowed <= FEW) {
      const ids = idsOf(mask, allowed, length, true);
      return ids[sample(await device.gather(logits, row, length, ids), sampling, drawn)]!;
    }

    never ??= new Float32Array(length).fill(-Infinity);
    const refused = idsOf(mask, length - allowed, length, false);
    device.scatter(logits, row, length, refused, never.subarray(0, refused.length));
    const id = isGreedy ? undefined : await drawInPlace(source, sampling, drawn);
    return id ?? sample(await device.read(logits, row * length, length), sampling, drawn);
  };
}

/** The `count` ids, in order, whose bits are as wanted. */
function idsOf(mask: Uint32Array, count: number, length: number, wanted: boolean): Uint32Array {
  const ids = new Uint32Array(count);
  let found = 0;
  for (let word = 0; word < mask.length; word++) {
    let bits = wanted ? mask[word]! : ~mask[word]!;
    for (; bits !== 0; bits &= bits - 1) {
      const id = 32 * word + 31 - Math.clz32(bits & -bits);
      if (id < length) ids[found++] = id;
    }
  }
  return ids;
}

function countBits(mask: Uint32Array): number {
  let count = 0;
  for (let bits of mask) for (; bits !== 0; bits &= bits - 1) count++;
  return count;
}
