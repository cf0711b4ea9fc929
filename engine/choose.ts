import type { Buf, Device } from '../kernels/kernels.ts';
import type { Llama } from '../models/llama/model.ts';
import { drawInPlace } from './draw-in-place.ts';
import { LogitsError } from './errors.ts';
import { createSampler, GREEDY_BELOW } from './sampler.ts';
import type { Sequence } from './sequence.ts';

/**
 * Draws a sequence's next token from its row of logits. Penalties change the row itself.
 *
 * Shapes   logits (rows, llama.vocabSize), as `Llama.forward` gives them
 * Throws   LogitsError
 */
export type Choose = (sequence: Sequence, logits: Buf, row: number) => Promise<number>;

/** Ids from `vocabSize` on are padding of the head, and are never drawn. */
export function createChoose(device: Device, llama: Llama, vocabSize: number): Choose {
  const length = llama.vocabSize;
  const width = Math.min(vocabSize, length);
  const sample = createSampler(width);

  return async ({ sampling, penalties, coin }, logits, row) => {
    if (penalties) {
      const own = await device.gather(logits, row, length, penalties.ids);
      penalties.apply(own);
      device.scatter(logits, row, length, penalties.ids, own);
    }

    const isGreedy = sampling.temperature < GREEDY_BELOW;
    if (isGreedy && width === length) {
      const { ids, values } = await device.topK(logits, row, length, 1);
      const [id = 0] = ids; // none when all are NaN: a device leaves those out
      const [logit = Number.NaN] = values;
      if (!Number.isFinite(logit)) throw new LogitsError(id, logit);
      return id;
    }

    const drawn = isGreedy ? 0 : coin();
    const id =
      width === length ? await drawInPlace({ device, logits, row, length }, sampling, drawn) : undefined;
    return id ?? sample(await device.read(logits, row * length, width), sampling, drawn);
  };
}
