import { readHalf, writeHalf } from './f16.ts';
import { signedPeak } from './range.ts';
import { QUANT } from './types.ts';

const { blockSize, blockBytes } = QUANT.q5_0;
const HALF = blockSize / 2;
const HIGH = 2; // where the fifth bits begin: 32 of them, weight j's in bit j
const LOW = 6;

/**
 * Block of 32: f16 d · u32 fifth bits · 16 bytes of low nibbles, laid out as in Q4_0.
 *
 *     y = d · (q - 16)
 *
 * Source   ggml/src/ggml-quants.c, dequantize_row_q5_0
 */
export function dequantiseQ5_0(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, y = 0; y < out.length; at += blockBytes, y += blockSize) {
    const d = readHalf(bytes, at);
    for (let j = 0; j < blockSize; j++) {
      const pair = bytes[at + LOW + (j % HALF)]!;
      const low = j < HALF ? pair & 15 : pair >> 4;
      const high = (bytes[at + HIGH + (j >> 3)]! >> (j & 7)) & 1;
      out[y + j] = d * ((low | (high << 4)) - 16);
    }
  }
}

/**
 * Scales each block so that its largest weight, with its sign, is -16: the side that has one more step.
 *
 * Source   ggml/src/ggml-quants.c, quantize_row_q5_0_ref, whose f32 roundings it keeps
 */
export function quantiseQ5_0(values: Float32Array, bytes: Uint8Array): void {
  bytes.fill(0);
  for (let at = 0, x = 0; x < values.length; at += blockBytes, x += blockSize) {
    const d = signedPeak(values, x, blockSize) / -16;
    const perStep = d === 0 ? 0 : Math.fround(1 / d);

    writeHalf(bytes, at, d);
    for (let j = 0; j < blockSize; j++) {
      const q = Math.min(31, Math.trunc(Math.fround(Math.fround(values[x + j]! * perStep) + 16.5)));
      bytes[at + LOW + (j % HALF)]! |= (q & 15) << (j < HALF ? 0 : 4);
      bytes[at + HIGH + (j >> 3)]! |= (q >> 4) << (j & 7);
    }
  }
}
