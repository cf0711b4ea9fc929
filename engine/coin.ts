/**
 * A stream of coins, uniform in [0, 1) with 53 random bits, the same for the same seed.
 *
 * Units    seed: any integer a double holds exactly; its two 32-bit halves are used
 * Source   sfc32 by Chris Doty-Humphrey, PractRand 0.94, with its 12 rounds of mixing before the first output
 */
export function createCoin(seed: number): () => number {
  let a = 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;

  const next32 = (): number => {
    const out = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + out;
    return out >>> 0;
  };
  for (let round = 0; round < 12; round++) next32();

  return () => ((next32() >>> 5) * 2 ** 26 + (next32() >>> 6)) / 2 ** 53;
}
