import { describe, expect, test } from 'vitest';
import { llama1bLayout } from '../../bench/llama-1b-layout.ts';
import { type RandomType, randomBlocks } from '../../bench/random-blocks.ts';
import { dequantise } from '../../kernels/quant/dequantise.ts';
import { QUANT } from '../../kernels/quant/types.ts';

const types: RandomType[] = ['q4_0', 'q8_0', 'q4_k', 'q6_k'];

describe('randomBlocks', () => {
  test.each(types)('%s makes weights spread by 0.02 around zero', (type) => {
    const count = 20_000;
    const weights = dequantise(type, randomBlocks(type, count, 1), count * QUANT[type].blockSize);
    const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length;
    const variance = weights.reduce((sum, w) => sum + (w - mean) ** 2, 0) / weights.length;

    expect(Math.abs(mean)).toBeLessThan(2e-4); // a common offset would make every row say the same
    expect(Math.sqrt(variance)).toBeGreaterThan(0.018);
    expect(Math.sqrt(variance)).toBeLessThan(0.022);
  });

  test.each(types)('%s depends on the seed and on nothing else', (type) => {
    expect(randomBlocks(type, 3, 5)).toEqual(randomBlocks(type, 3, 5));
    expect(randomBlocks(type, 3, 5)).not.toEqual(randomBlocks(type, 3, 6));
  });
});

test('llama1bLayout has the tensors and the size of a Llama 3.2 1B', () => {
  const { tensors, size, header } = llama1bLayout('q4_0', 'q6_k');
  expect(tensors).toHaveLength(147);
  const weights = 973_078_528; // in matrices of 16 layers
  const embedding = 128_256 * 2048;
  const vectors = 33 * 2048 + 32;
  expect(weights + embedding + 33 * 2048).toBe(1_235_814_400); // parameters, as the model card counts them
  const bytes = (weights * 18) / 32 + (embedding * 210) / 256 + vectors * 4;
  expect(tensors.reduce((sum, tensor) => sum + tensor.bytes, 0)).toBe(bytes);
  expect(size).toBe(header.length + bytes); // every tensor here is a multiple of 32 bytes: no padding
});
