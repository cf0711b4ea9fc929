import { writeHalf } from '../kernels/quant/f16.ts';
import { writeScaleMins } from '../kernels/quant/k-scales.ts';
import { QUANT } from '../kernels/quant/types.ts';
import { uniform } from '../tests/support/numbers.ts';

export type RandomType = 'q4_0' | 'q8_0' | 'q4_k' | 'q6_k';

/** Spread of the weights, about what a trained Llama 3.2 1B has. */
const STD = 0.02;

/** Spread of a uniform integer code of 4, 6 and 8 bits: √((n² - 1) / 12). */
const CODE_STD = { q4: 4.61, q6: 18.5, q8: 73.3 };

/**
 * Blocks whose codes are random bits and whose scales make the weights spread by about 0.02 around zero: a model of them
 * computes finite, lively logits, and costs no gaussian or rounding to make.
 */
export function randomBlocks(type: RandomType, count: number, seed: number): Uint8Array {
  const { blockBytes } = QUANT[type];
  const blocks = new Uint8Array(count * blockBytes);
  const random = uniform(seed);
  const words = new Uint32Array(blocks.buffer, 0, blocks.length >> 2);
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;

  const scale = SCALE[type];
  for (let at = 0; at < blocks.length; at += blockBytes) scale(blocks, at, random);
  return blocks;
}

const sign = (random: () => number) => (random() < 0.5 ? -1 : 1);

/** Overwrites the scales of the block at `at`, and leaves its codes. Layouts: ggml/src/ggml-common.h */
const SCALE: Record<RandomType, (blocks: Uint8Array, at: number, random: () => number) => void> = {
  // Codes are -8 … 7, half a step off centre; scales of either sign, as GGML's are too, even that out.
  q4_0: (blocks, at, random) => writeHalf(blocks, at, (sign(random) * (0.5 + random()) * STD) / CODE_STD.q4),

  q8_0: (blocks, at, random) => writeHalf(blocks, at, ((0.5 + random()) * STD) / CODE_STD.q8),

  q4_k(blocks, at, random) {
    const d = STD / CODE_STD.q4 / 32;
    writeHalf(blocks, at, d);
    writeHalf(blocks, at + 2, 7.5 * d); // with min = scale: d · scale · (q - 7.5), which is centred
    const scales = Array.from({ length: 8 }, () => 16 + Math.floor(32 * random()));
    writeScaleMins(blocks, at + 4, scales, scales);
  },

  q6_k(blocks, at, random) {
    for (let i = 192; i < 208; i++) blocks[at + i] = sign(random) * (16 + Math.floor(32 * random()));
    writeHalf(blocks, at + 208, STD / CODE_STD.q6 / 32);
  },
};
