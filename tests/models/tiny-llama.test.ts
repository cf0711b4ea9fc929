/** Are the golden files right? llama.cpp reads them too, and must find what transformers found. */
import { describe, expect, test } from 'vitest';
import { openLlamaCpp } from '../../bench/peers/llama-cpp-predictor.ts';
import { type GoldenRows, tinyLlama, tinyLlamas, tinyLong } from '../support/tiny-llama.ts';

/** Normalised mean square error that llama.cpp may have: it rounds activations to the type it multiplies with. */
function maxNmse(type: string): number {
  if (type === 'f32') return 1e-11;
  if (type === 'f16') return 1e-6;
  if (type === 'bf16') return 1e-4;
  return 2e-3; // int8
}

async function nmse(path: string, { ids, positions, logits }: GoldenRows): Promise<number> {
  const peer = await openLlamaCpp(path, {
    contextSize: Math.ceil((ids.length + 1) / 256) * 256,
    cache: 'f32',
  });
  const found = await peer.logits(ids, positions);
  await peer.close();
  expect(found.length).toBe(logits.length);

  let error = 0;
  let power = 0;
  for (const [i, want] of logits.entries()) {
    error += (found[i]! - want) ** 2;
    power += want ** 2;
  }
  return error / power;
}

describe('tiny-llama', () => {
  test.each(tinyLlamas)(
    '$name: llama.cpp finds the logits of transformers',
    async ({ name, path, short }) => {
      expect(await nmse(path, short)).toBeLessThan(maxNmse(name));
    },
  );

  test('f32: llama.cpp finds them past position 8,192 as well', async () => {
    expect(await nmse(tinyLlama('f32').path, tinyLong)).toBeLessThan(1e-8); // both take their angles in f32
  });
});
