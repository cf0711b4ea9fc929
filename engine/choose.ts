import type { Buf, Device } from '../kernels/kernels.ts';
import type { Llama } from '../models/llama/model.ts';
import { createDrawAllowed } from './draw-allowed.ts';
import { drawInPlace, type LogitRow } from './draw-in-place.ts';
import { LogitsError } from './errors.ts';
import { createPaddingMask, type RowLogprobs, readSpread } from './logprobs.ts';
import { createSampler, GREEDY_BELOW } from './sampler.ts';
import type { Sequence } from './sequence.ts';

/** A drawn token, with its logprobs when its sequence wants them. */
export interface Choice {
  readonly id: number;
  readonly row: RowLogprobs | undefined;
}

/**
 * Draws a sequence's next token from its row of logits. Biases, penalties and a grammar change the row itself; logprobs
 * are those of the row before.
 *
 * Shapes   logits (rows, llama.vocabSize), as `Llama.forward` gives them
 * Throws   LogitsError, NothingAllowedError
 */
export type Choose = (sequence: Sequence, logits: Buf, row: number) => Promise<Choice>;

/** Ids from `vocabSize` on are padding of the head, and are never drawn. */
export function createChoose(device: Device, llama: Llama, vocabSize: number): Choose {
  const length = llama.vocabSize;
  const sample = createSampler(length);
  const drawAllowed = createDrawAllowed(length, sample);
  const maskPadding = createPaddingMask(device, length, Math.min(vocabSize, length));

  async function draw(source: LogitRow, { sampling, coin, matcher }: Sequence): Promise<number> {
    if (matcher) return drawAllowed(source, { matcher, sampling, coin });

    const { logits, row } = source;
    if (sampling.temperature < GREEDY_BELOW) {
      const { ids, values } = await device.topK(logits, row, length, 1);
      const [id = 0] = ids; // none when all are NaN: a device leaves those out
      const [logit = Number.NaN] = values;
      if (!Number.isFinite(logit)) throw new LogitsError(id, logit);
      return id;
    }
    const drawn = coin();
    const id = await drawInPlace(source, sampling, drawn);
    return id ?? sample(await device.read(logits, row * length, length), sampling, drawn);
  }

  return async (sequence, logits, row) => {
    const source = { device, logits, row, length };
    maskPadding(logits, row);
    const { penalties, logprobs } = sequence;
    const spread = logprobs === undefined ? undefined : await readSpread(source, logprobs);

    const ids = penalties?.ids ?? [];
    const before = ids.length > 0 ? await device.gather(logits, row, length, ids) : undefined;
    if (penalties && before) {
      const after = before.slice();
      penalties.apply(after);
      device.scatter(logits, row, length, ids, after);
    }

    const id = await draw(source, sequence);
    if (!spread) return { id, row: undefined };

    const place = ids.indexOf(id);
    const [logit] = place < 0 ? await device.gather(logits, row, length, [id]) : [before![place]!];
    return { id, row: { logprob: logit! - spread.logTotal, top: spread.top } };
  };
}
