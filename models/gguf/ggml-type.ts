import type { QuantType } from '../../kernels/quant/types.ts';

/**
 * Every tensor type GGML has given a number, and ours for those we read.
 *
 * Source   ggml/include/ggml.h, enum ggml_type (4, 5, 31-33 and 36-38 were withdrawn)
 */
const GGML_TYPES: readonly { readonly id: number; readonly name: string; readonly type?: QuantType }[] = [
  { id: 0, name: 'F32', type: 'f32' },
  { id: 1, name: 'F16', type: 'f16' },
  { id: 2, name: 'Q4_0', type: 'q4_0' },
  { id: 3, name: 'Q4_1', type: 'q4_1' },
  { id: 6, name: 'Q5_0', type: 'q5_0' },
  { id: 7, name: 'Q5_1', type: 'q5_1' },
  { id: 8, name: 'Q8_0', type: 'q8_0' },
  { id: 9, name: 'Q8_1' },
  { id: 10, name: 'Q2_K' },
  { id: 11, name: 'Q3_K' },
  { id: 12, name: 'Q4_K', type: 'q4_k' },
  { id: 13, name: 'Q5_K', type: 'q5_k' },
  { id: 14, name: 'Q6_K', type: 'q6_k' },
  { id: 15, name: 'Q8_K' },
  { id: 16, name: 'IQ2_XXS' },
  { id: 17, name: 'IQ2_XS' },
  { id: 18, name: 'IQ3_XXS' },
  { id: 19, name: 'IQ1_S' },
  { id: 20, name: 'IQ4_NL' },
  { id: 21, name: 'IQ3_S' },
  { id: 22, name: 'IQ2_S' },
  { id: 23, name: 'IQ4_XS' },
  { id: 24, name: 'I8' },
  { id: 25, name: 'I16' },
  { id: 26, name: 'I32' },
  { id: 27, name: 'I64' },
  { id: 28, name: 'F64' },
  { id: 29, name: 'IQ1_M' },
  { id: 30, name: 'BF16', type: 'bf16' },
  { id: 34, name: 'TQ1_0' },
  { id: 35, name: 'TQ2_0' },
  { id: 39, name: 'MXFP4' },
];

/** What GGML calls a type, for messages. */
export function ggmlTypeName(id: number): string {
  return GGML_TYPES.find((known) => known.id === id)?.name ?? `number ${id}`;
}

/** Our name for a GGML type; undefined when we do not read it. */
export function quantTypeOf(id: number): QuantType | undefined {
  return GGML_TYPES.find((known) => known.id === id)?.type;
}

/** GGML's number for a type we read. */
export function ggmlTypeId(type: QuantType): number {
  return GGML_TYPES.find((known) => known.type === type)!.id;
}
