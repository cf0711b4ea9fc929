/** Draws integers 0 … n-1, the same ones for the same seed. Source: Marsaglia 2003, xorshift32. */
export function randomIntegers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}
