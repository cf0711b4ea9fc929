/** Takes the final hidden states of several inputs, one input after the other, and gives the mean of each. */
export interface MeanPool {
  /** Tokens of the present input that are still to come; 0 when no input is left. */
  readonly left: number;
  /** Of the inputs that are complete. */
  readonly means: readonly Float64Array[];
  /** Tokens of those. */
  readonly done: number;
  /**
   * Takes the states of the present input's next tokens. True when they were its last.
   *
   * Shapes   states (m, dim), m at most `left`
   */
  add(states: Float32Array): boolean;
  /** Forgets what it was given of the present input. */
  restart(): void;
}

/** Shapes   lengths: tokens of each input, at least 1 */
export function createMeanPool(lengths: readonly number[], dim: number): MeanPool {
  const means: Float64Array[] = [];
  let left = lengths[0] ?? 0;
  let done = 0;
  let sum = new Float64Array(dim);

  return {
    get left() {
      return left;
    },
    get done() {
      return done;
    },
    means,
    add(states) {
      for (let i = 0; i < states.length; i++) sum[i % dim]! += states[i]!;
      left -= states.length / dim;
      if (left > 0) return false;

      const length = lengths[means.length]!;
      means.push(sum.map((value) => value / length));
      done += length;
      this.restart();
      return true;
    },
    restart() {
      sum = new Float64Array(dim);
      left = lengths[means.length] ?? 0;
    },
  };
}

/**
 * The first numbers of a vector, scaled to length 1.
 *
 * Throws   RangeError when they have no length, or are no numbers: broken weights, or a kernel at fault
 */
export function unitVector(vector: Float64Array, dimensions: number): Float32Array {
  const kept = vector.subarray(0, dimensions);
  const length = Math.sqrt(kept.reduce((sum, value) => sum + value * value, 0));
  if (!(length > 0 && length < Infinity)) throw new RangeError(`an embedding of length ${length}`);
  return Float32Array.from(kept, (value) => value / length);
}
