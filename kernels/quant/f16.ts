/** IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */

const SMALLEST_NORMAL = 2 ** -14;
const SUBNORMAL_STEP = 2 ** -24;
/** Halfway between the largest half, 65504, and the 65536 that would come next: rounds to infinity. */
const OVERFLOW = 65520;

/** The number that 16 bits stand for. Exact. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;

  if (exponent === 0) return sign * fraction * SUBNORMAL_STEP;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest half, as 16 bits; ties go to the even one. A NaN becomes the quiet NaN 0x7e00. */
export function floatToHalf(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size >= OVERFLOW) return sign | 0x7c00;

  const exponent = size < SMALLEST_NORMAL ? -14 : exponentOf(size);
  const steps = roundToEven(size * 2 ** (10 - exponent)); // 0 … 2048; from 1024 on the number is normal
  // Counted in steps, halves of one sign are consecutive, so a carry moves into the exponent by itself.
  return sign | (((exponent + 14) << 10) + steps);
}

/** Two little-endian bytes as a half. */
export function readHalf(bytes: Uint8Array, at: number): number {
  return halfToFloat(bytes[at]! | (bytes[at + 1]! << 8));
}

/** Stores the nearest half and returns its value, which is what a decoder will see. */
export function writeHalf(bytes: Uint8Array, at: number, x: number): number {
  const bits = floatToHalf(x);
  bytes[at] = bits;
  bytes[at + 1] = bits >> 8;
  return halfToFloat(bits);
}

export function dequantiseF16(bytes: Uint8Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = readHalf(bytes, 2 * i);
}

export function quantiseF16(values: Float32Array, bytes: Uint8Array): void {
  for (let i = 0; i < values.length; i++) writeHalf(bytes, 2 * i, values[i]!);
}

const f64 = new DataView(new ArrayBuffer(8));

/** e with 2^e ≤ size < 2^(e+1), for a normal double. */
function exponentOf(size: number): number {
  f64.setFloat64(0, size);
  return (f64.getUint16(0) >> 4) - 1023;
}

/** Adding 2^52 leaves a double no room for a fraction, so the addition itself rounds, ties to even. */
function roundToEven(x: number): number {
  return x + 2 ** 52 - 2 ** 52;
}
