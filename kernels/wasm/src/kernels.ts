// Everything the device calls. Plain functions over addresses; the device owns memory and checks shapes.
export {
  quantise_q4_0, quantise_q4_1, quantise_q4_k, quantise_q6_k, quantise_q8_0, quantise_q8_1,
} from './activations';
export { attention, attention_scratch } from './attention';
export { add, rms_norm, rope, silu_mul, top_k } from './elementwise';
export { exp_sums } from './exp-sums';
export { kv_copy, kv_head_bytes, kv_write } from './kv-cache';
export {
  matmul_bf16, matmul_f16, matmul_f32, pack_f16, pack_f32, row_bf16, row_f16, row_f32,
} from './matmul-float';
export { matmul_q4_0, matmul_q4_1, matmul_q4_k } from './matmul-q4';
export { matmul_q6_k } from './matmul-q6';
export { matmul_q8_0, matmul_q8_1 } from './matmul-q8';
export { pack_q4_0, pack_q4_1, pack_q4_k, row_q4_0, row_q4_1, row_q4_k } from './pack-q4';
export { pack_q6_k, row_q6_k } from './pack-q6';
export { pack_q5_0, pack_q5_1, pack_q5_k, pack_q8_0, row_q8_0, row_q8_1 } from './pack-q8';

/** The first address that is free. */
export function heap_start(): usize {
  return __heap_base;
}
