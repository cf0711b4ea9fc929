/** The value of largest size among `count` from `start`, with its sign; the first of equals. */
export function signedPeak(values: Float32Array, start: number, count: number): number {
  let peak = 0;
  for (let i = start; i < start + count; i++) {
    if (Math.abs(values[i]!) > Math.abs(peak)) peak = values[i]!;
  }
  return peak;
}

/** The smallest and the largest of `count` values from `start`. */
export function bounds(values: Float32Array, start: number, count: number): { min: number; max: number } {
  let min = values[start]!;
  let max = min;
  for (let i = start + 1; i < start + count; i++) {
    min = Math.min(min, values[i]!);
    max = Math.max(max, values[i]!);
  }
  return { min, max };
}
