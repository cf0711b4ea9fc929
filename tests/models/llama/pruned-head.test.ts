/** An output matrix of a few rows gives what the whole one gives for them. */
import { describe, expect, test } from 'vitest';
import { GUARD_1B_INT4, LLAMA_1B, llamaLayout } from '../../../bench/llama-1b-layout.ts';
import type { Device } from '../../../kernels/kernels.ts';
import { createRefDevice } from '../../../kernels/ref/device.ts';
import { nodeHasher } from '../../../models/cli/node-hasher.ts';
import { FormatError } from '../../../models/errors.ts';
import { loadModel, loadPackedModel } from '../../../models/load.ts';
import { pack } from '../../../models/packed/pack.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { relaxed } from '../../support/backends.ts';
import { nmse } from '../../support/numbers.ts';
import { type RandomLlamaTypes, randomLlama } from '../../support/random-llama.ts';

const SHAPE = { ...LLAMA_1B, layers: 1, hidden: 64, ffn: 64, heads: 2, kvHeads: 1, headDim: 32 };
const VOCABULARY = Uint32Array.of(0, 11, 271, 19_193, 39_257, 128_009, 128_255);
const limits = { template: 'base', maxRows: 8, maxLogitRows: 4, contextLength: 64, kvType: 'f16' } as const;
const PROMPT = Uint32Array.of(128_000, 19_193, 5, 128_255);

async function logitsOf(device: Device, file: Uint8Array, vocabulary?: Uint32Array) {
  const source = bufferSource('random.gguf', file);
  const { llama } = await loadModel(device, source, {
    ...limits,
    ...(vocabulary && { vocabulary: () => vocabulary }),
  });
  return forward(device, llama);
}

async function forward(device: Device, llama: Awaited<ReturnType<typeof loadModel>>['llama']) {
  const cache = llama.newCache(16);
  const logits = llama.forward([{ cache, ids: PROMPT, logits: 'all' }]);
  return { bytes: device.bytesInUse, logits: await device.read(logits, 0, PROMPT.length * llama.vocabSize) };
}

const picked = (logits: Float32Array) =>
  [...PROMPT.keys()].flatMap((row) => Array.from(VOCABULARY, (id) => logits[row * LLAMA_1B.vocab + id]!));

describe.each<RandomLlamaTypes>([
  { type: 'q4_0', embedding: 'q8_0' },
  { type: 'q8_0', embedding: 'q8_0', head: 'q8_0' },
  { type: 'q4_0', embedding: 'q8_0', head: 'q4_0' },
])('$type weights, embedding $embedding, head $head', (types) => {
  const file = randomLlama(SHAPE, types);

  test.each([
    { create: createRefDevice, name: 'ref', most: 1e-10 },
    { ...relaxed, most: 1e-3 }, // rounds what it multiplies by integers to int8, and does not by floats
  ])('on $name', async ({ create, most }) => {
    const whole = await logitsOf(create(), file);
    const few = await logitsOf(create(), file, VOCABULARY);
    expect(few.logits).toHaveLength(PROMPT.length * VOCABULARY.length);
    expect(nmse(few.logits, picked(whole.logits))).toBeLessThan(most);
  });

  test('takes less memory', async () => {
    const whole = await logitsOf(relaxed.create(), file);
    const few = await logitsOf(relaxed.create(), file, VOCABULARY);
    const head = types.head ? LLAMA_1B.vocab * SHAPE.hidden * (types.head === 'q8_0' ? 1 : 0.5) : 0;
    expect(whole.bytes - few.bytes).toBeGreaterThan(head + 4 * 4 * LLAMA_1B.vocab - 10_000);
  });

  test('from its packed form', async () => {
    const files = new Map<string, number[][]>();
    const manifest = await pack(relaxed.create(), bufferSource('random.gguf', file), {
      createHasher: nodeHasher,
      write: async (name, _, bytes) => {
        files.set(name, [...(files.get(name) ?? []), bytes.slice() as unknown as number[]]);
      },
      onProgress: () => {},
    });
    const open = async (name: string) => {
      const parts = files.get(name);
      return parts && bufferSource(name, Uint8Array.from(Buffer.concat(parts as unknown as Uint8Array[])));
    };
    const device = relaxed.create();
    const vocabulary = () => VOCABULARY;
    const { llama } = await loadPackedModel(device, manifest, open, nodeHasher, { ...limits, vocabulary });
    const whole = await logitsOf(relaxed.create(), file);
    expect(nmse((await forward(device, llama)).logits, picked(whole.logits))).toBeLessThan(1e-3);
  });
});

test('a token that is not there is refused', async () => {
  const file = randomLlama(SHAPE, { type: 'q8_0', embedding: 'q8_0' });
  await expect(logitsOf(createRefDevice(), file, Uint32Array.of(1, LLAMA_1B.vocab))).rejects.toThrow(
    FormatError,
  );
});

describe('Llama Guard 3 1B INT4', () => {
  test('has 860,448,768 weights with a head of 20 tokens, as published', () => {
    const { size, header } = llamaLayout(GUARD_1B_INT4, { type: 'q8_0', embedding: 'q8_0' });
    const { layers, hidden, headDim } = GUARD_1B_INT4;
    const norms = (2 * layers + 1) * hidden;
    const matrices = ((size - header.length - 4 * norms - 4 * (headDim / 2)) / 34) * 32;
    expect(matrices + norms + 20 * hidden).toBe(860_448_768);
  });

  test('runs as a plain Llama of 12 layers and 6,400 neurons', async () => {
    const narrow = { ...GUARD_1B_INT4, hidden: 256, heads: 4, kvHeads: 1 };
    const { logits } = await logitsOf(
      relaxed.create(),
      randomLlama(narrow, { type: 'q4_0', embedding: 'q4_0' }),
      VOCABULARY,
    );
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(new Set(logits).size).toBeGreaterThan(PROMPT.length * VOCABULARY.length - 2);
  });
});
