import type { KvType } from '../../kernels/kernels.ts';
import { openFileSource } from '../../models/cli/file-source.ts';
import { loadModel } from '../../models/load.ts';
import { relaxed } from '../../tests/support/backends.ts';
import type { Prediction, Predictor, Score } from './predictor.ts';

const ROWS = 64; // in one pass, with logits of all

/** Our own engine on one CPU thread: one sequence of up to `contextSize` tokens. */
export async function openCria(
  modelPath: string,
  contextSize: number,
  kvType: KvType = 'f16',
): Promise<Predictor> {
  const device = relaxed.create();
  await using source = await openFileSource(modelPath);
  const { llama, tokenizer } = await loadModel(device, source, {
    template: 'auto',
    kvType,
    maxRows: ROWS,
    maxLogitRows: ROWS,
    contextLength: contextSize,
  });
  const { vocabSize } = llama;
  const cache = llama.newCache(contextSize);

  /** Appends at most ROWS ids. Returns a way to read their logits, one row at a time. */
  function extend(ids: Uint32Array, logits: 'none' | 'last' | 'all') {
    const buf = llama.forward([{ cache, ids, logits }]);
    return (row: number) => device.read(buf, row * vocabSize, vocabSize);
  }

  return {
    name: `Cria on ${device.name}`,
    vocabSize,
    isStop: (id) => tokenizer.stopIds.has(id),
    tokenize: (segments) => tokenizer.encodeSegments(segments),
    detokenize: (ids) => tokenizer.decode(ids),

    async start(prompt) {
      cache.length = 0;
      let at = 0;
      for (; prompt.length - at > ROWS; at += ROWS) extend(prompt.subarray(at, at + ROWS), 'none');
      return prediction(await extend(prompt.subarray(at), 'last')(0));
    },

    next: async (id) => prediction(await extend(Uint32Array.of(id), 'last')(0)),

    async score(ids) {
      cache.length = 0;
      const scores: Score[] = [];
      while (scores.length < ids.length - 1) {
        const at = scores.length;
        const read = extend(ids.subarray(at, Math.min(at + ROWS, ids.length - 1)), 'all');
        for (let row = 0; at + row < cache.length; row++) {
          const logits = await read(row);
          scores.push({ ...prediction(logits), logProb: logProb(logits, ids[at + row + 1]!) });
        }
      }
      return scores;
    },

    async close() {
      llama.freeCache(cache);
    },
  };
}

function prediction(logits: Float32Array): Prediction {
  let [id, first, second] = [0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [i, logit] of logits.entries()) {
    if (logit > first) [id, first, second] = [i, logit, first];
    else if (logit > second) second = logit;
  }
  return { id, gap: first - second };
}

function logProb(logits: Float32Array, target: number): number {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - max), 0);
  return logits[target]! - max - Math.log(sum);
}
