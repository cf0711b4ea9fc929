// What an engine tells of log probabilities and vectors, against Hugging Face transformers' logits and hidden states.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createLocalEngine } from '../../engine/local.ts';
import type { Device } from '../../kernels/kernels.ts';
import { loadModel } from '../../models/load.ts';
import { bufferSource } from '../../models/sources/buffer-source.ts';
import { fast, ref } from '../support/backends.ts';
import { info, never, readAll } from '../support/local-engine.ts';
import { greedy } from '../support/sampling.ts';
import { TINY_VOCAB, type TinyLlama, tinyLlama } from '../support/tiny-llama.ts';

/** Greatest difference of a log probability, and of a number of a vector: an f16 cache; int8 activations. */
const LIMITS = { f32: { logprob: 0.005, vector: 0.001 }, q8_0: { logprob: 0.15, vector: 0.02 } } as const;

async function engineOf(device: Device, { path }: TinyLlama) {
  const options = {
    maxRows: 16,
    maxLogitRows: 4,
    contextLength: 64,
    kvType: 'f16',
    template: 'base',
  } as const;
  const loaded = await loadModel(device, bufferSource(path, readFileSync(path)), options);
  return createLocalEngine({
    info,
    ...loaded,
    device,
    today: () => '26 Jul 2024',
    random: () => 0,
    nowMs: () => 0,
    breathe: () => Promise.resolve(),
    limits: {
      running: 4,
      waiting: 0,
      contextLength: 64,
      prefillChunk: 10,
      stalledMs: 1e9,
      prefixCacheBytes: 0,
    },
    speculation: true,
  });
}

function logSoftmax(logits: Float32Array): Float64Array {
  const max = logits.reduce((most, logit) => Math.max(most, logit));
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0);
  return Float64Array.from(logits, (logit) => logit - max - Math.log(total));
}

describe.each([ref, ...fast])('on $name', ({ create }) => {
  test.each(['f32', 'q8_0'] as const)(
    'an echoed prompt is as likely as transformers finds it: %s',
    async (name) => {
      const { short, ...tiny } = tinyLlama(name);
      const engine = await engineOf(create(), { short, ...tiny });
      const ids = [...short.ids];
      const asked = {
        model: info.id,
        prompt: { type: 'tokens', ids },
        maxTokens: 1,
        stop: [],
        sampling: { ...greedy, temperature: 1, seed: 3, presencePenalty: 1, repetitionPenalty: 1.5 },
        logprobs: 20,
        echo: true,
      } as const;
      const { tokens } = await readAll((await engine.start(asked, never())).parts);

      expect(tokens!.slice(0, ids.length).map(({ id }) => id)).toEqual(ids);
      for (const [row, position] of short.positions.entries()) {
        const truth = logSoftmax(short.logits.subarray(row * TINY_VOCAB, (row + 1) * TINY_VOCAB));
        const after = tokens![position + 1]; // a stop token is not told of
        if (after) expect(Math.abs(after.logprob! - truth[after.id]!)).toBeLessThan(LIMITS[name].logprob);
        for (const { id, logprob } of after?.top ?? [])
          expect(Math.abs(logprob - truth[id]!)).toBeLessThan(LIMITS[name].logprob);
      }
    },
  );

  test.each(['f32', 'q8_0'] as const)(
    'a vector is the mean state that transformers finds: %s',
    async (name) => {
      const tiny = tinyLlama(name);
      const engine = await engineOf(create(), tiny);
      const input = { type: 'tokens', ids: [...tiny.short.ids] } as const;
      const { vectors } = await engine.embed({ model: info.id, inputs: [input, input] }, never());
      const length = Math.hypot(...tiny.meanState);
      for (const vector of vectors)
        for (const [i, value] of vector.entries())
          expect(Math.abs(value - tiny.meanState[i]! / length)).toBeLessThan(LIMITS[name].vector);
    },
  );
});
