import type { QuantType } from '../quant/types.ts';

/**
 * The layouts below, by name: 8 rows to a group, 32 weights to a block. Packed files carry it, so a change to what any
 * `pack_…` kernel writes takes the next number; tests/kernels/packed.test.ts notices.
 */
export const PACKED_LAYOUT = 'wasm-8x32/1';

/** How a format lies in WASM memory, and which kernels read it there. src/matmul-*.ts draw the layouts. */
export interface Layout {
  /** Weights of one row in a packed block, and the bytes that block takes for 8 rows. */
  readonly blockSize: number;
  readonly groupBytes: number;
  readonly pack: string;
  readonly row: string;
  readonly matmul: string;
  /** What rounds the activations the kernel multiplies by, and the bytes 32 of them take; see src/activations.ts. */
  readonly quantise: string | undefined;
  readonly activationBytes: number;
}

const BYTES_32 = 44;
const BYTES_16 = 56;
const WORDS = 72;

const integer = (
  type: string,
  blockSize: number,
  groupBytes: number,
  activationBytes: number,
  packed = type,
): Layout => ({
  ...{ blockSize, groupBytes, activationBytes, quantise: `quantise_${packed}` },
  ...{ pack: `pack_${type}`, row: `row_${packed}`, matmul: `matmul_${packed}` },
});
const float = (type: string, bytes: number): Layout => ({
  ...{ blockSize: 1, groupBytes: 8 * bytes, activationBytes: 0, quantise: undefined },
  ...{ pack: bytes === 4 ? 'pack_f32' : 'pack_f16', row: `row_${type}`, matmul: `matmul_${type}` },
});

export const LAYOUTS: Record<QuantType, Layout> = {
  f32: float('f32', 4),
  f16: float('f16', 2),
  bf16: float('bf16', 2),
  q4_0: integer('q4_0', 32, 144, BYTES_32),
  q4_1: integer('q4_1', 32, 160, BYTES_32),
  q4_k: integer('q4_k', 256, 1184, BYTES_32),
  q6_k: integer('q6_k', 256, 1680, BYTES_16),
  q8_0: integer('q8_0', 32, 272, WORDS),
  q5_0: integer('q5_0', 32, 272, WORDS, 'q8_0'),
  q5_1: integer('q5_1', 32, 320, WORDS, 'q8_1'),
  q5_k: integer('q5_k', 32, 320, WORDS, 'q8_1'),
};

export const PANEL_BYTES = 384; // of scratch for 32 columns, while a batch is multiplied
