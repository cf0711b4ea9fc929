import type { Buf, Device } from '../kernels/kernels.ts';
import type { Llama } from '../models/llama/model.ts';
import { LogitsError } from './errors.ts';
import { createSampler, GREEDY_BELOW } from './sampler.ts';
import type { Sequence } from './sequence.ts';

/**
 * Draws a sequence's next token from its row of logits.
 *
 * Shapes   logits (rows, llama.vocabSize), as `Llama.forward` gives them
 * Throws   LogitsError
 */
export type Choose = (sequence: Sequence, logits: Buf, row: number) => Promise<number>;

/** Ids from `vocabSize` on are padding of the head, and are never drawn. */
export function createChoose(device: Device, llama: Llama, vocabSize: number): Choose {
  const width = Math.min(vocabSize, llama.vocabSize);
  const sample = createSampler(width);

  return async ({ sampling, penalties, coin }, logits, row) => {
    const isGreedy = sampling.temperature < GREEDY_BELOW;
    if (isGreedy && !penalties && width === llama.vocabSize) {
      const { ids, values } = await device.topK(logits, row, width, 1);
      const [id = 0] = ids; // none when all are NaN: a device leaves those out
      const [logit = Number.NaN] = values;
      if (!Number.isFinite(logit)) throw new LogitsError(id, logit);
      return id;
    }

    const own = await device.read(logits, row * llama.vocabSize, width);
    penalties?.apply(own);
    return sample(own, sampling, isGreedy ? 0 : coin());
  };
}
