/** A mean that begins as a guess, and forgets. */
export interface RunningMean {
  /** NaN when nothing was guessed or seen. */
  readonly value: number;
  add(sample: number): void;
}

/**
 *     value = (guess · weight + Σ keepⁱ · sample) / (weight + Σ keepⁱ),  the newest sample at i = 0
 *
 * Units    weight: how many samples the guess is worth; keep in [0, 1]: what one more sample leaves of the others
 */
export function createRunningMean(guess: number, weight: number, keep: number): RunningMean {
  let sum = 0;
  let count = 0;
  return {
    get value() {
      return (guess * weight + sum) / (weight + count);
    },
    add(sample) {
      sum = sum * keep + sample;
      count = count * keep + 1;
    },
  };
}
