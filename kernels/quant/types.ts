/** One stored number format: how many weights a block holds, and how many bytes it takes. */
export interface BlockFormat {
  readonly blockSize: number; // weights
  readonly blockBytes: number;
}

/**
 * Every weight format Cria reads, under the name GGML gives it.
 *
 * Source   ggml/src/ggml-common.h (block structs), ggml/include/ggml.h (enum ggml_type)
 */
export const QUANT = {
  f32: { blockSize: 1, blockBytes: 4 },
  f16: { blockSize: 1, blockBytes: 2 },
  bf16: { blockSize: 1, blockBytes: 2 },
  q4_0: { blockSize: 32, blockBytes: 18 },
  q4_1: { blockSize: 32, blockBytes: 20 },
  q5_0: { blockSize: 32, blockBytes: 22 },
  q5_1: { blockSize: 32, blockBytes: 24 },
  q8_0: { blockSize: 32, blockBytes: 34 },
  q4_k: { blockSize: 256, blockBytes: 144 },
  q5_k: { blockSize: 256, blockBytes: 176 },
  q6_k: { blockSize: 256, blockBytes: 210 },
} as const satisfies Record<string, BlockFormat>;

export type QuantType = keyof typeof QUANT;

/** Bytes that `cols` weights of one row take. `cols` is a multiple of the format's block size. */
export function rowBytes(type: QuantType, cols: number): number {
  const { blockSize, blockBytes } = QUANT[type];
  return (cols / blockSize) * blockBytes;
}
