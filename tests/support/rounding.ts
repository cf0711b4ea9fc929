/** What int8 kernels see of their activations, in blocks of 32. See `roundedTo`. */
export function roundedToInt8(x: Float32Array): Float32Array {
  return roundedTo(127, x, 32);
}

/**
 * Each block of numbers rounded to multiples of max|x| / `most`, as f32 does it. What integer kernels see; fed to `ref`,
 * it turns a loose comparison into a tight one.
 */
export function roundedTo(most: number, x: Float32Array, blockSize: number): Float32Array {
  const out = new Float32Array(x.length);
  for (let block = 0; block < x.length; block += blockSize) {
    const slice = x.subarray(block, block + blockSize);
    const scale = Math.fround(slice.reduce((peak, v) => Math.max(peak, Math.abs(v)), 0) / most);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    slice.forEach((v, i) => {
      out[block + i] = nearestEven(Math.fround(v * inverse)) * scale;
    });
  }
  return out;
}

function nearestEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return Math.round(x);
}
