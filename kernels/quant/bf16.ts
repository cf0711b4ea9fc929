/** bfloat16: the upper half of an f32. */

const f32 = new DataView(new ArrayBuffer(4));

/** The number that 16 bits stand for. Exact. */
export function bf16ToFloat(bits: number): number {
  f32.setUint32(0, bits << 16);
  return f32.getFloat32(0);
}

/** The nearest bfloat16 to `x` as an f32, as 16 bits; ties go to the even one. A NaN stays one, made quiet. */
export function floatToBf16(x: number): number {
  f32.setFloat32(0, x);
  const bits = f32.getUint32(0);
  if (Number.isNaN(x)) return (bits >>> 16) | 0x0040;
  const even = (bits >>> 16) & 1;
  return (bits + 0x7fff + even) >>> 16;
}

export function dequantiseBf16(bytes: Uint8Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = bf16ToFloat(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
}

export function quantiseBf16(values: Float32Array, bytes: Uint8Array): void {
  for (let i = 0; i < values.length; i++) {
    const bits = floatToBf16(values[i]!);
    bytes[2 * i] = bits;
    bytes[2 * i + 1] = bits >> 8;
  }
}
