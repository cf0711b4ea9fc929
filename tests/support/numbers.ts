/** A small seeded generator (mulberry32), uniform in [0, 1): tests draw the same numbers every run. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function normals(seed: number, length: number): Float32Array {
  const next = uniform(seed);
  return Float32Array.from(
    { length },
    () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
}

/** Normals with a spike in every 97th place: tame inputs let a wrong kernel pass. */
export function spiked(seed: number, length: number): Float32Array {
  return normals(seed, length).map((x, i) => (i % 97 === 13 ? 40 * x : x));
}

/** Mean squared error over mean square of the truth. NaN anywhere is Infinity. */
export function nmse(actual: ArrayLike<number>, truth: ArrayLike<number>): number {
  if (actual.length !== truth.length)
    throw new RangeError(`${actual.length} numbers against ${truth.length}`);
  let error = 0;
  let power = 0;
  for (let i = 0; i < truth.length; i++) {
    error += (actual[i]! - truth[i]!) ** 2;
    power += truth[i]! ** 2;
  }
  const result = power === 0 ? error : error / power;
  return Number.isNaN(result) ? Number.POSITIVE_INFINITY : result;
}
