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
  /** The form of the activations the kernel multiplies by; see src/activations.ts. */
  readonly activations: 'bytes' | 'words' | 'floats';
}

const q4 = (type: string, blockSize: number, groupBytes: number): Layout => ({
  ...{ blockSize, groupBytes, activations: 'bytes' },
  ...{ pack: `pack_${type}`, row: `row_${type}`, matmul: `matmul_${type}` },
});
const q8 = (type: string, packed: string, groupBytes: number): Layout => ({
  ...{ blockSize: 32, groupBytes, activations: 'words' },
  ...{ pack: `pack_${type}`, row: `row_${packed}`, matmul: `matmul_${packed}` },
});
const float = (type: string, bytes: number): Layout => ({
  ...{ blockSize: 1, groupBytes: 8 * bytes, activations: 'floats' },
  ...{ pack: bytes === 4 ? 'pack_f32' : 'pack_f16', row: `row_${type}`, matmul: `matmul_${type}` },
});

export const LAYOUTS: Record<QuantType, Layout> = {
  f32: float('f32', 4),
  f16: float('f16', 2),
  bf16: float('bf16', 2),
  q4_0: q4('q4_0', 32, 144),
  q4_1: q4('q4_1', 32, 160),
  q4_k: q4('q4_k', 256, 1184),
  q6_k: q4('q6_k', 256, 1680),
  q8_0: q8('q8_0', 'q8_0', 272),
  q5_0: q8('q5_0', 'q8_0', 272),
  q5_1: q8('q5_1', 'q8_1', 320),
  q5_k: q8('q5_k', 'q8_1', 320),
};

export const ACTIVATION_BYTES = { bytes: 60, words: 80, floats: 0 } as const; // for 32 numbers
export const PANEL_BYTES = 352; // of scratch for 32 columns, while a batch is multiplied
