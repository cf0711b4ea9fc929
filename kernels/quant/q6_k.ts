import { readHalf, writeHalf } from './f16.ts';
import { signedPeak } from './range.ts';
import { QUANT } from './types.ts';

const { blockSize, blockBytes } = QUANT.q6_k;
const SUB_SIZE = 16;
const SUB_BLOCKS = blockSize / SUB_SIZE;
const HIGH = 128;
const SCALES = 192;
const D = 208; // d comes last

/**
 * Block of 256: 128 bytes of low nibbles · 64 bytes of upper bit pairs · 16 signed scales · f16 d.
 *
 *     y = d · scale(i / 16) · (q - 32)
 *
 * Source   ggml/src/ggml-quants.c, dequantize_row_q6_K
 */
export function dequantiseQ6K(bytes: Uint8Array, out: Float32Array): void {
  for (let at = 0, y = 0; y < out.length; at += blockBytes, y += blockSize) {
    const d = readHalf(bytes, at + D);
    for (let i = 0; i < blockSize; i++) {
      const { low, lowShift, high, highShift } = place(i);
      const q = ((bytes[at + low]! >> lowShift) & 15) | (((bytes[at + high]! >> highShift) & 3) << 4);
      const scale = (bytes[at + SCALES + Math.floor(i / SUB_SIZE)]! << 24) >> 24;
      out[y + i] = d * scale * (q - 32);
    }
  }
}

/** A plain encoder of our own: puts each sub-block's largest weight, with its sign, at -32. */
export function quantiseQ6K(values: Float32Array, bytes: Uint8Array): void {
  bytes.fill(0);
  for (let at = 0, x = 0; x < values.length; at += blockBytes, x += blockSize) {
    const wanted = Float32Array.from(
      { length: SUB_BLOCKS },
      (_, j) => signedPeak(values, x + j * SUB_SIZE, SUB_SIZE) / -32,
    );
    const d = writeHalf(bytes, at + D, signedPeak(wanted, 0, SUB_BLOCKS) / -128);
    const scales = Array.from(wanted, (scale) => nearest(scale, d, -128, 127));

    for (let j = 0; j < SUB_BLOCKS; j++) bytes[at + SCALES + j] = scales[j]!;
    for (let i = 0; i < blockSize; i++) {
      const { low, lowShift, high, highShift } = place(i);
      const q = 32 + nearest(values[x + i]!, d * scales[Math.floor(i / SUB_SIZE)]!, -32, 31);
      bytes[at + low]! |= (q & 15) << lowShift;
      bytes[at + high]! |= (q >> 4) << highShift;
    }
  }
}

/** Where weight i keeps its bits. Each half of 128 is four runs of 32 that share 64 low and 32 high bytes. */
function place(i: number): { low: number; lowShift: number; high: number; highShift: number } {
  const half = i >> 7;
  const run = (i >> 5) & 3;
  const l = i & 31;
  return {
    low: half * 64 + (run & 1) * 32 + l,
    lowShift: run < 2 ? 0 : 4,
    high: HIGH + half * 32 + l,
    highShift: 2 * run,
  };
}

function nearest(value: number, step: number, lowest: number, highest: number): number {
  return step === 0 ? 0 : Math.min(highest, Math.max(lowest, Math.round(value / step)));
}
