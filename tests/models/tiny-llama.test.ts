/** Are the golden files right? llama.cpp reads them too, and must find what transformers found. */
import { describe, expect, test } from 'vitest';
import { openLlamaCpp } from '../../bench/peers/llama-cpp-predictor.ts';
import { nmse } from '../support/numbers.ts';
import { type GoldenRows, tinyLlama, tinyLlamas, tinyLong } from '../support/tiny-llama.ts';

/** llama.cpp rounds activations to the type it multiplies with. */
function maxNmse(type: string): number {
  if (type === 'f32') return 1e-11;
  if (type === 'f16') return 1e-6;
  if (type === 'bf16') return 1e-4;
  return 2e-3; // int8
}

async function llamaCppLogits(path: string, { ids, positions }: GoldenRows): Promise<Float32Array> {
  const contextSize = Math.ceil((ids.length + 1) / 256) * 256;
  const peer = await openLlamaCpp(path, { contextSize, cache: 'f32' });
  const logits = await peer.logits(ids, positions);
  await peer.close();
  return logits;
}

describe('tiny-llama', () => {
  test.each(tinyLlamas)(
    '$name: llama.cpp finds the logits of transformers',
    async ({ name, path, short }) => {
      expect(nmse(await llamaCppLogits(path, short), short.logits)).toBeLessThan(maxNmse(name));
    },
  );

  test('f32: llama.cpp finds them past position 8,192 as well', async () => {
    const found = await llamaCppLogits(tinyLlama('f32').path, tinyLong);
    expect(nmse(found, tinyLong.logits)).toBeLessThan(1e-8); // both take their angles in f32
  });
});
