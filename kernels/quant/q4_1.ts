import { readHalf, writeHalf } from './f16.ts';
import { bounds } from './range.ts';
import { QUANT } from './types.ts';

const { blockSize, blockBytes } = QUANT.q4_1;
const HALF = blockSize / 2;

/**
 * Block of 32: f16 d · f16 m · 16 bytes, the low nibble weight j and the high nibble weight j+16.
 *
 *     y = d · q + m
 *
 * Source   ggml/src/ggml-quants.c, dequantize_row_q4_1
 */
export function dequantiseQ4_1(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, y = 0; y < out.length; at += blockBytes, y += blockSize) {
    const d = readHalf(bytes, at);
    const m = readHalf(bytes, at + 2);
    for (let j = 0; j < HALF; j++) {
      const pair = bytes[at + 4 + j]!;
      out[y + j] = d * (pair & 15) + m;
      out[y + HALF + j] = d * (pair >> 4) + m;
    }
  }
}

/**
 * Spreads 16 steps from each block's smallest weight to its largest.
 *
 * Source   ggml/src/ggml-quants.c, quantize_row_q4_1_ref, whose f32 roundings it keeps
 */
export function quantiseQ4_1(values: Float32Array, bytes: Uint8Array): void {
  for (let at = 0, x = 0; x < values.length; at += blockBytes, x += blockSize) {
    const { min, max } = bounds(values, x, blockSize);
    const d = Math.fround(Math.fround(max - min) / 15);
    const perStep = d === 0 ? 0 : Math.fround(1 / d);
    const q = (i: number) => {
      const steps = Math.fround(Math.fround(values[x + i]! - min) * perStep);
      return Math.min(15, Math.trunc(Math.fround(steps + 0.5)));
    };

    writeHalf(bytes, at, d);
    writeHalf(bytes, at + 2, min);
    for (let j = 0; j < HALF; j++) bytes[at + 4 + j] = q(j) | (q(HALF + j) << 4);
  }
}
