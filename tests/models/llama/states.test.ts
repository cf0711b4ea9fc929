/** Final hidden states against Hugging Face transformers' `last_hidden_state`, and llama.cpp's embeddings. */
import { readFileSync } from 'node:fs';
import { getLlama, LlamaLogLevel, type Token } from 'node-llama-cpp';
import { describe, expect, test } from 'vitest';
import { createMeanPool } from '../../../engine/mean-pool.ts';
import type { Device } from '../../../kernels/kernels.ts';
import type { Llama } from '../../../models/llama/model.ts';
import { loadModel } from '../../../models/load.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { fast, ref, relaxed } from '../../support/backends.ts';
import { nmse } from '../../support/numbers.ts';
import { smollm2Path } from '../../support/smollm2.ts';
import { TINY_VOCAB, tinyLlama, tinyLlamas } from '../../support/tiny-llama.ts';

const MAX_NMSE_REF = 1e-10; // f64 sums kept in f32, against float64 throughout
const MAX_NMSE = { f32: 1e-6, int8: 1e-3 } as const; // an f16 cache; int8 activations
const OPTIONS = {
  maxRows: 64,
  maxLogitRows: 8,
  contextLength: 512,
  kvType: 'f16',
  template: 'base',
} as const;
const floats = ['f32', 'f16', 'bf16'];

const load = (device: Device, path: string) =>
  loadModel(device, bufferSource(path, readFileSync(path)), OPTIONS);

/** The mean state of `ids`, read in chunks. */
async function meanState(
  device: Device,
  llama: Llama,
  ids: Uint32Array,
  chunk: number,
): Promise<Float64Array> {
  const pool = createMeanPool([ids.length], llama.dim);
  const cache = llama.newCache(ids.length);
  for (let at = 0; at < ids.length; at += chunk) {
    const span = { cache, ids: ids.subarray(at, at + chunk), logits: 'none', states: true } as const;
    llama.forward([span]);
    pool.add(await device.read(llama.states, 0, span.ids.length * llama.dim));
  }
  llama.freeCache(cache);
  return pool.means[0]!;
}

test.each(tinyLlamas)("ref gives transformers' states: $name", async ({ path, short, meanState: truth }) => {
  const device = ref.create();
  const { llama } = await load(device, path);
  expect(nmse(await meanState(device, llama, short.ids, 24), truth)).toBeLessThan(MAX_NMSE_REF);
});

describe.each(fast)('$name', ({ create }) => {
  test.each(tinyLlamas)(
    "gives transformers' states: $name",
    async ({ name, path, short, meanState: truth }) => {
      const device = create();
      const { llama } = await load(device, path);
      for (const chunk of [24, 5])
        expect(nmse(await meanState(device, llama, short.ids, chunk), truth)).toBeLessThan(
          floats.includes(name) ? MAX_NMSE.f32 : MAX_NMSE.int8,
        );
    },
  );

  test('gives states and logits in one pass, each as alone', async () => {
    const device = create();
    const { llama } = await load(device, tinyLlama('q4_0').path);
    const { ids } = tinyLlama('q4_0').short;
    const span = (part: Uint32Array, more: { logits: 'none' | 'last' | 'all'; states?: boolean }) => ({
      cache: llama.newCache(64),
      ids: part,
      ...more,
    });
    const asked = [
      span(ids.subarray(0, 3), { logits: 'last' }),
      span(ids.subarray(3, 9), { logits: 'none', states: true }),
      span(ids.subarray(9, 12), { logits: 'none' }),
      span(ids.subarray(12, 14), { logits: 'all' }),
      span(ids.subarray(14, 19), { logits: 'none', states: true }),
    ];
    const read = async (rows: number, states: number, logits: Awaited<ReturnType<typeof llama.forward>>) => [
      await device.read(logits, 0, rows * TINY_VOCAB),
      await device.read(llama.states, 0, states * llama.dim),
    ];
    const together = await read(3, 11, llama.forward(asked));

    const alone: Float32Array[][] = [];
    for (const { ids, logits, states } of asked) {
      const rows = logits === 'all' ? ids.length : Number(logits === 'last');
      const again = span(ids, { logits, ...(states && { states }) });
      alone.push(await read(rows, states ? ids.length : 0, llama.forward([again])));
    }
    for (const kind of [0, 1]) expect([...together[kind]!]).toEqual(alone.flatMap((one) => [...one[kind]!]));
  });
});

test('a span may not want logits and states', async () => {
  const device = ref.create();
  const { llama } = await load(device, tinyLlama('f32').path);
  const cache = llama.newCache(8);
  expect(() => llama.forward([{ cache, ids: Uint32Array.of(1), logits: 'last', states: true }])).toThrow(
    RangeError,
  );
  expect(cache.length).toBe(0);
});

/** llama.cpp's state after the last of some tokens, for each beginning of them: their mean is ours to find. */
async function llamaCppMean(path: string, ids: Uint32Array): Promise<Float64Array> {
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createEmbeddingContext({ contextSize: 256, threads: 1 });
  let sum = new Float64Array();
  for (let length = 1; length <= ids.length; length++) {
    const { vector } = await context.getEmbeddingFor([...ids.subarray(0, length)] as Token[]);
    sum = Float64Array.from(vector, (value, i) => value + (sum[i] ?? 0));
  }
  await model.dispose();
  return sum.map((value) => value / ids.length);
}

describe('llama.cpp', () => {
  test('finds the same states in a tiny Llama', { timeout: 120_000 }, async () => {
    const { path, short } = tinyLlama('f32');
    const device = ref.create();
    const { llama, tokenizer } = await load(device, path);
    const ids = Uint32Array.of(tokenizer.bosId!, ...short.ids); // it puts one before all that it embeds
    expect(nmse(await meanState(device, llama, ids, 24), await llamaCppMean(path, ids))).toBeLessThan(1e-6);
  });

  test('finds nearly the same in SmolLM2', { timeout: 300_000 }, async () => {
    const device = relaxed.create();
    const { llama, tokenizer } = await load(device, smollm2Path());
    const ids = tokenizer.encode('A llama carries wool over the mountains, and wine on the way back.');
    const [ours, theirs] = [await meanState(device, llama, ids, 64), await llamaCppMean(smollm2Path(), ids)];
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const cosine = dot(ours, theirs) / Math.sqrt(dot(ours, ours) * dot(theirs, theirs));
    expect(cosine).toBeGreaterThan(0.999); // 0.9998 measured: both round activations to int8
  });
});
