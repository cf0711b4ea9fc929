import type { Device } from '../kernels/kernels.ts';
import { dequantise } from '../kernels/quant/dequantise.ts';
import { QUANT, type QuantType, rowBytes } from '../kernels/quant/types.ts';

const ROWS = 16;
const COLS = 256;
const MOST_ERROR = 1e-5; // of f32 sums; the activations are whole numbers that int8 holds exactly

/**
 * Multiplies a small matrix of every format on a device and by hand: a processor or a runtime that computes something
 * else is found before a model speaks through it.
 *
 * Returns   what is wrong, as a sentence; undefined when all is well
 */
export async function kernelTrouble(device: Device): Promise<string | undefined> {
  const x = activations();
  for (const type of Object.keys(QUANT) as QuantType[]) {
    const bytes = new Uint8Array(ROWS * rowBytes(type, COLS)).map(byteAt);
    const got = await multiply(device, type, bytes, x);
    const row = firstWrong(got, dequantise(type, bytes, ROWS * COLS), x);
    if (row >= 0) return `a product of ${type} weights on ${device.name} is wrong: row ${row} is ${got[row]}`;
  }
  return undefined;
}

/** As good as random, and small enough that no scale of a block is infinite. */
const byteAt = (_: number, i: number): number => (Math.imul(i + 1, 0x9e3779b1) >>> 24) & 0x3f;

/** Whole numbers, the largest of every block of 32 being 127: rounded to int8 they stay what they are. */
const activations = (): Float32Array =>
  Float32Array.from({ length: COLS }, (_, i) => (i % 32 === 0 ? 127 : ((i * 29) % 255) - 127));

async function multiply(
  device: Device,
  type: QuantType,
  bytes: Uint8Array,
  x: Float32Array,
): Promise<Float32Array> {
  const weight = device.weight(type, ROWS, COLS);
  const [input, output] = [device.alloc(COLS), device.alloc(ROWS)];
  try {
    device.writeRows(weight, 0, bytes);
    device.write(input, x);
    device.matmul([output], [weight], input, 1);
    return await device.read(output, 0, ROWS);
  } finally {
    for (const thing of [weight, input, output]) device.free(thing);
  }
}

/** The first row whose sum is another than of the same products in double precision; -1 when there is none. */
function firstWrong(got: Float32Array, weights: Float32Array, x: Float32Array): number {
  return got.findIndex((value, row) => {
    let sum = 0;
    let size = 0;
    for (let i = 0; i < COLS; i++) {
      const product = x[i]! * weights[row * COLS + i]!;
      sum += product;
      size += Math.abs(product);
    }
    return !(Math.abs(value - sum) <= MOST_ERROR * size);
  });
}
