import { readHalf, writeHalf } from './f16.ts';
import { signedPeak } from './range.ts';
import { QUANT } from './types.ts';

const { blockSize, blockBytes } = QUANT.q4_0;
const HALF = blockSize / 2;

/**
 * Block of 32: f16 d · 16 bytes, the low nibble weight j and the high nibble weight j+16.
 *
 *     y = d · (q - 8)
 *
 * Source   ggml/src/ggml-quants.c, dequantize_row_q4_0
 */
export function dequantiseQ4_0(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, y = 0; y < out.length; at += blockBytes, y += blockSize) {
    const d = readHalf(bytes, at);
    for (let j = 0; j < HALF; j++) {
      const pair = bytes[at + 2 + j]!;
      out[y + j] = d * ((pair & 15) - 8);
      out[y + HALF + j] = d * ((pair >> 4) - 8);
    }
  }
}

/**
 * Scales each block so that its largest weight, with its sign, is -8: the side that has one more step.
 *
 * Source   ggml/src/ggml-quants.c, quantize_row_q4_0_ref, whose f32 roundings it keeps
 */
export function quantiseQ4_0(values: Float32Array, bytes: Uint8Array): void {
  for (let at = 0, x = 0; x < values.length; at += blockBytes, x += blockSize) {
    const d = signedPeak(values, x, blockSize) / -8;
    const perStep = d === 0 ? 0 : Math.fround(1 / d);
    const q = (i: number) =>
      Math.min(15, Math.trunc(Math.fround(Math.fround(values[x + i]! * perStep) + 8.5)));

    writeHalf(bytes, at, d);
    for (let j = 0; j < HALF; j++) bytes[at + 2 + j] = q(j) | (q(HALF + j) << 4);
  }
}
