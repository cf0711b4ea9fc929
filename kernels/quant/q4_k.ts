import { readHalf } from './f16.ts';
import { fitBlock, readScaleMin, SUB_BLOCKS, SUB_SIZE } from './k-scales.ts';
import { QUANT } from './types.ts';

const { blockSize, blockBytes } = QUANT.q4_k;
const LOW = 16; // after f16 d, f16 dmin and 12 bytes of scales

/**
 * Block of 256: f16 d · f16 dmin · 12 bytes of scales · 128 bytes; sub-blocks 2k and 2k+1 share 32 bytes, low
 * nibbles first.
 *
 *     y = d · scale(j) · q - dmin · min(j)
 *
 * Source   ggml/src/ggml-quants.c, dequantize_row_q4_K
 */
export function dequantiseQ4K(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, y = 0; y < out.length; at += blockBytes, y += blockSize) {
    const d = readHalf(bytes, at);
    const dmin = readHalf(bytes, at + 2);
    for (let j = 0; j < SUB_BLOCKS; j++) {
      const { scale, min } = readScaleMin(bytes, at + 4, j);
      for (let l = 0; l < SUB_SIZE; l++) {
        const pair = bytes[at + LOW + (j >> 1) * SUB_SIZE + l]!;
        const q = j % 2 === 0 ? pair & 15 : pair >> 4;
        out[y + j * SUB_SIZE + l] = d * scale * q - dmin * min;
      }
    }
  }
}

/** A plain encoder of our own; see `fitBlock`. */
export function quantiseQ4K(values: Float32Array, bytes: Uint8Array): void {
  bytes.fill(0);
  for (let at = 0, x = 0; x < values.length; at += blockBytes, x += blockSize) {
    const steps = fitBlock(values, x, 15, bytes, at);
    for (let j = 0; j < SUB_BLOCKS; j++) {
      for (let l = 0; l < SUB_SIZE; l++) {
        const q = steps[j * SUB_SIZE + l]!;
        bytes[at + LOW + (j >> 1) * SUB_SIZE + l]! |= q << (j % 2 === 0 ? 0 : 4);
      }
    }
  }
}
