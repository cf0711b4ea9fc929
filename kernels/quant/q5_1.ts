import { readHalf, writeHalf } from './f16.ts';
import { bounds } from './range.ts';
import { QUANT } from './types.ts';

const { blockSize, blockBytes } = QUANT.q5_1;
const HALF = blockSize / 2;
const HIGH = 4; // where the fifth bits begin: 32 of them, weight j's in bit j
const LOW = 8;

/**
 * Block of 32: f16 d · f16 m · u32 fifth bits · 16 bytes of low nibbles, laid out as in Q4_1.
 *
 *     y = d · q + m
 *
 * Source   ggml/src/ggml-quants.c, dequantize_row_q5_1
 */
export function dequantiseQ5_1(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, y = 0; y < out.length; at += blockBytes, y += blockSize) {
    const d = readHalf(bytes, at);
    const m = readHalf(bytes, at + 2);
    for (let j = 0; j < blockSize; j++) {
      const pair = bytes[at + LOW + (j % HALF)]!;
      const low = j < HALF ? pair & 15 : pair >> 4;
      const high = (bytes[at + HIGH + (j >> 3)]! >> (j & 7)) & 1;
      out[y + j] = d * (low | (high << 4)) + m;
    }
  }
}

/**
 * Spreads 32 steps from each block's smallest weight to its largest.
 *
 * Source   ggml/src/ggml-quants.c, quantize_row_q5_1_ref, whose f32 roundings it keeps
 */
export function quantiseQ5_1(values: Float32Array, bytes: Uint8Array): void {
  bytes.fill(0);
  for (let at = 0, x = 0; x < values.length; at += blockBytes, x += blockSize) {
    const { min, max } = bounds(values, x, blockSize);
    const d = Math.fround(Math.fround(max - min) / 31);
    const perStep = d === 0 ? 0 : Math.fround(1 / d);

    writeHalf(bytes, at, d);
    writeHalf(bytes, at + 2, min);
    for (let j = 0; j < blockSize; j++) {
      const steps = Math.fround(Math.fround(values[x + j]! - min) * perStep);
      const q = Math.min(31, Math.trunc(Math.fround(steps + 0.5)));
      bytes[at + LOW + (j % HALF)]! |= (q & 15) << (j < HALF ? 0 : 4);
      bytes[at + HIGH + (j >> 3)]! |= (q >> 4) << (j & 7);
    }
  }
}
