import { readHalf, writeHalf } from './f16.ts';
import { signedPeak } from './range.ts';
import { QUANT } from './types.ts';

const { blockSize, blockBytes } = QUANT.q8_0;

/**
 * Block of 32: f16 d · 32 signed bytes.
 *
 *     y = d · q
 *
 * Source   ggml/src/ggml-quants.c, dequantize_row_q8_0
 */
export function dequantiseQ8_0(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, y = 0; y < out.length; at += blockBytes, y += blockSize) {
    const d = readHalf(bytes, at);
    for (let j = 0; j < blockSize; j++) out[y + j] = d * signed(bytes[at + 2 + j]!);
  }
}

/**
 * Scales each block so that its largest weight is ±127.
 *
 * Source   ggml/src/ggml-quants.c, quantize_row_q8_0_ref, whose f32 roundings it keeps
 */
export function quantiseQ8_0(values: Float32Array, bytes: Uint8Array): void {
  for (let at = 0, x = 0; x < values.length; at += blockBytes, x += blockSize) {
    const d = Math.fround(Math.abs(signedPeak(values, x, blockSize)) / 127);
    const perStep = d === 0 ? 0 : Math.fround(1 / d);

    writeHalf(bytes, at, d);
    for (let j = 0; j < blockSize; j++) {
      const steps = Math.fround(values[x + j]! * perStep);
      bytes[at + 2 + j] = Math.sign(steps) * Math.round(Math.abs(steps)); // C's roundf: halves away from zero
    }
  }
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}
