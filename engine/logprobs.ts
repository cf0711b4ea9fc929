import type { Buf, Device } from '../kernels/kernels.ts';
import type { LogitRow } from './draw-in-place.ts';
import { argmax } from './sampler.ts';

/** A row's log-softmax, as far as it is asked for. Natural logarithms. */
export interface RowLogprobs {
  readonly logprob: number;
  /** The likeliest, the likeliest first; fewer than asked for when others are impossible. */
  readonly top: readonly { readonly id: number; readonly logprob: number }[];
}

/** A row's log-softmax: what all weigh, and the likeliest. */
export interface Spread {
  /** ln Σ e^logit, over all tokens; off by at most `EXP_SUMS_ERROR`. */
  readonly logTotal: number;
  readonly top: RowLogprobs['top'];
}

/**
 * The log-softmax of one row of logits as the model gave them.
 *
 * Units    count: 0 … 20, of the likeliest
 * Throws   LogitsError when a logit is NaN or +Infinity, or all are -Infinity
 */
export async function readSpread({ device, logits, row, length }: LogitRow, count: number): Promise<Spread> {
  const { max, sums } = await device.expSums(logits, row, length, 1);
  if (!Number.isFinite(max)) argmax(await device.read(logits, row * length, length)); // says which logit it is
  const logTotal = max + Math.log(sums.reduce((sum, weight) => sum + weight, 0));
  if (count === 0) return { logTotal, top: [] };

  const { ids, values } = await device.topK(logits, row, length, Math.min(count, length));
  const top = Array.from(ids, (id, i) => ({ id, logprob: values[i]! - logTotal }));
  return { logTotal, top: top.filter(({ logprob }) => logprob > -Infinity) };
}

/** What a prompt's token `id` had for a probability in `row`, the row of the token before it. */
export type Score = (id: number, count: number, logits: Buf, row: number) => Promise<RowLogprobs>;

/** Shapes   logits (rows, vocabSize), as `Llama.forward` gives them; ids from `width` on are padding of the head */
export function createScore(device: Device, vocabSize: number, width: number): Score {
  const mask = createPaddingMask(device, vocabSize, width);
  return async (id, count, logits, row) => {
    mask(logits, row);
    const { logTotal, top } = await readSpread({ device, logits, row, length: vocabSize }, count);
    const [logit] = await device.gather(logits, row, vocabSize, [id]);
    return { logprob: logit! - logTotal, top };
  };
}

/** Makes the padding of a row impossible. */
export function createPaddingMask(
  device: Device,
  vocabSize: number,
  width: number,
): (logits: Buf, row: number) => void {
  const padding = Uint32Array.from({ length: vocabSize - width }, (_, i) => width + i);
  const impossible = new Float32Array(padding.length).fill(-Infinity);
  return (logits, row) => {
    if (padding.length > 0) device.scatter(logits, row, vocabSize, padding, impossible);
  };
}
