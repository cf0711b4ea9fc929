/** What Q4_K and Q5_K share: eight sub-blocks of 32, each with a 6-bit scale and a 6-bit minimum. */
import { writeHalf } from './f16.ts';
import { bounds } from './range.ts';

export const SUB_BLOCKS = 8;
export const SUB_SIZE = 32;
const MAX_SCALE = 63; // 6 bits

/**
 * Sub-block j's scale and minimum, from 12 packed bytes.
 *
 * Source   ggml/src/ggml-quants.c, get_scale_min_k4
 */
export function readScaleMin(bytes: Uint8Array, at: number, j: number): { scale: number; min: number } {
  if (j < 4) return { scale: bytes[at + j]! & 63, min: bytes[at + j + 4]! & 63 };
  const low = bytes[at + j + 4]!;
  return {
    scale: (low & 15) | ((bytes[at + j - 4]! >> 6) << 4),
    min: (low >> 4) | ((bytes[at + j]! >> 6) << 4),
  };
}

/** Packs eight scales and eight minimums (0 … 63) into 12 bytes, the inverse of `readScaleMin`. */
export function writeScaleMins(
  bytes: Uint8Array,
  at: number,
  scales: readonly number[],
  mins: readonly number[],
): void {
  for (let j = 0; j < 4; j++) {
    bytes[at + j] = scales[j]! | ((scales[j + 4]! >> 4) << 6);
    bytes[at + j + 4] = mins[j]! | ((mins[j + 4]! >> 4) << 6);
    bytes[at + j + 8] = (scales[j + 4]! & 15) | ((mins[j + 4]! & 15) << 4);
  }
}

/**
 * Writes a block's d, dmin and scales (16 bytes) and returns its 256 steps.
 *
 *     y = d · scale(j) · q - dmin · min(j),  q in 0 … top
 *
 * Note     spans each sub-block from its smallest weight, or 0, to its largest; GGML searches for a better fit
 */
export function fitBlock(
  values: Float32Array,
  x: number,
  top: number,
  bytes: Uint8Array,
  at: number,
): Uint8Array {
  const spans = Array.from({ length: SUB_BLOCKS }, (_, j) => {
    const { min, max } = bounds(values, x + j * SUB_SIZE, SUB_SIZE);
    const floor = Math.min(min, 0); // the format can only subtract
    return { scale: (Math.max(max, 0) - floor) / top, min: -floor };
  });
  const d = writeHalf(bytes, at, Math.max(...spans.map(({ scale }) => scale)) / MAX_SCALE);
  const dmin = writeHalf(bytes, at + 2, Math.max(...spans.map(({ min }) => min)) / MAX_SCALE);
  const scales = spans.map(({ scale }) => steps(scale, d, MAX_SCALE));
  const mins = spans.map(({ min }) => steps(min, dmin, MAX_SCALE));
  writeScaleMins(bytes, at + 4, scales, mins);

  return Uint8Array.from({ length: SUB_BLOCKS * SUB_SIZE }, (_, i) => {
    const j = Math.floor(i / SUB_SIZE);
    return steps(values[x + i]! + dmin * mins[j]!, d * scales[j]!, top);
  });
}

function steps(value: number, step: number, top: number): number {
  return step === 0 ? 0 : Math.min(top, Math.max(0, Math.round(value / step)));
}
