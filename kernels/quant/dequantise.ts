/**
 * Every stored format to f32 and back, slowly and plainly: the truth that the fast kernels are checked against.
 *
 * Formats with f16 scales come out as GGML's own decoder gives them, bit for bit: each product of a half and a
 * few small integers is exact in a double, so the one rounding is the store to f32.
 */
import { ShapeError } from '../errors.ts';
import { dequantiseBf16, quantiseBf16 } from './bf16.ts';
import { dequantiseF16, quantiseF16 } from './f16.ts';
import { dequantiseF32, quantiseF32 } from './f32.ts';
import { dequantiseQ4_0, quantiseQ4_0 } from './q4_0.ts';
import { dequantiseQ4_1, quantiseQ4_1 } from './q4_1.ts';
import { dequantiseQ4K, quantiseQ4K } from './q4_k.ts';
import { dequantiseQ5_0, quantiseQ5_0 } from './q5_0.ts';
import { dequantiseQ5_1, quantiseQ5_1 } from './q5_1.ts';
import { dequantiseQ5K, quantiseQ5K } from './q5_k.ts';
import { dequantiseQ6K, quantiseQ6K } from './q6_k.ts';
import { dequantiseQ8_0, quantiseQ8_0 } from './q8_0.ts';
import { QUANT, type QuantType, rowBytes } from './types.ts';

interface Codec {
  readonly decode: (bytes: Uint8Array, out: Float32Array) => void;
  readonly encode: (values: Float32Array, bytes: Uint8Array) => void;
}

const CODECS: Record<QuantType, Codec> = {
  f32: { decode: dequantiseF32, encode: quantiseF32 },
  f16: { decode: dequantiseF16, encode: quantiseF16 },
  bf16: { decode: dequantiseBf16, encode: quantiseBf16 },
  q4_0: { decode: dequantiseQ4_0, encode: quantiseQ4_0 },
  q4_1: { decode: dequantiseQ4_1, encode: quantiseQ4_1 },
  q5_0: { decode: dequantiseQ5_0, encode: quantiseQ5_0 },
  q5_1: { decode: dequantiseQ5_1, encode: quantiseQ5_1 },
  q8_0: { decode: dequantiseQ8_0, encode: quantiseQ8_0 },
  q4_k: { decode: dequantiseQ4K, encode: quantiseQ4K },
  q5_k: { decode: dequantiseQ5K, encode: quantiseQ5K },
  q6_k: { decode: dequantiseQ6K, encode: quantiseQ6K },
};

/**
 * Decodes `count` weights.
 *
 * Shapes   bytes: exactly the whole blocks that hold `count` weights · returns (count)
 * Throws   ShapeError when count is not whole blocks, or the bytes are not theirs
 */
export function dequantise(type: QuantType, bytes: Uint8Array, count: number): Float32Array {
  checkWholeBlocks(type, count);
  if (bytes.length !== rowBytes(type, count)) {
    throw new ShapeError(
      `dequantise: ${count} weights of ${type} take ${rowBytes(type, count)} bytes, got ${bytes.length}`,
    );
  }
  const out = new Float32Array(count);
  CODECS[type].decode(bytes, out);
  return out;
}

/**
 * Encodes weights in blocks, as GGML stores them.
 *
 * Shapes   returns rowBytes(type, values.length) bytes
 * Throws   ShapeError when the values are not whole blocks
 * Note     byte for byte GGML's reference up to Q8_0; the K formats are valid but fitted more simply
 */
export function quantise(type: QuantType, values: Float32Array): Uint8Array {
  checkWholeBlocks(type, values.length);
  const bytes = new Uint8Array(rowBytes(type, values.length));
  CODECS[type].encode(values, bytes);
  return bytes;
}

function checkWholeBlocks(type: QuantType, count: number): void {
  const { blockSize } = QUANT[type];
  if (count % blockSize !== 0) {
    throw new ShapeError(`${count} weights are not whole blocks of ${type}, which hold ${blockSize}`);
  }
}
