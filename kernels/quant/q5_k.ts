import { readHalf } from './f16.ts';
import { fitBlock, readScaleMin, SUB_BLOCKS, SUB_SIZE } from './k-scales.ts';
import { QUANT } from './types.ts';

const { blockSize, blockBytes } = QUANT.q5_k;
const HIGH = 16; // after f16 d, f16 dmin and 12 bytes of scales
const LOW = 48;

/**
 * Block of 256: f16 d · f16 dmin · 12 bytes of scales · 32 bytes of fifth bits, sub-block j's in bit j · 128 bytes
 * of low nibbles as in Q4_K.
 *
 *     y = d · scale(j) · q - dmin · min(j)
 *
 * Source   ggml/src/ggml-quants.c, dequantize_row_q5_K
 */
export function dequantiseQ5K(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, y = 0; y < out.length; at += blockBytes, y += blockSize) {
    const d = readHalf(bytes, at);
    const dmin = readHalf(bytes, at + 2);
    for (let j = 0; j < SUB_BLOCKS; j++) {
      const { scale, min } = readScaleMin(bytes, at + 4, j);
      for (let l = 0; l < SUB_SIZE; l++) {
        const pair = bytes[at + LOW + (j >> 1) * SUB_SIZE + l]!;
        const low = j % 2 === 0 ? pair & 15 : pair >> 4;
        const high = (bytes[at + HIGH + l]! >> j) & 1;
        out[y + j * SUB_SIZE + l] = d * scale * (low | (high << 4)) - dmin * min;
      }
    }
  }
}

/** A plain encoder of our own; see `fitBlock`. */
export function quantiseQ5K(values: Float32Array, bytes: Uint8Array): void {
  bytes.fill(0);
  for (let at = 0, x = 0; x < values.length; at += blockBytes, x += blockSize) {
    const steps = fitBlock(values, x, 31, bytes, at);
    for (let j = 0; j < SUB_BLOCKS; j++) {
      for (let l = 0; l < SUB_SIZE; l++) {
        const q = steps[j * SUB_SIZE + l]!;
        bytes[at + LOW + (j >> 1) * SUB_SIZE + l]! |= (q & 15) << (j % 2 === 0 ? 0 : 4);
        bytes[at + HIGH + l]! |= (q >> 4) << j;
      }
    }
  }
}
