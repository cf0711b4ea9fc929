/** Llama 3's stretching of RoPE for long contexts, as `rope_scaling` in config.json states it. */
export interface RopeScaling {
  readonly factor: number;
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  readonly originalContext: number; // positions
}

/**
 * Angle per position of each pair: θ^(-2i / headDim), over `divisors[i]` where the model has them.
 *
 * Shapes   returns (headDim / 2) · divisors (headDim / 2), GGUF's `rope_freqs.weight`
 * Source   Su et al. 2021, arXiv:2104.09864
 */
export function ropeFrequencies(headDim: number, theta: number, divisors?: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    { length: headDim / 2 },
    (_, i) => theta ** ((-2 * i) / headDim) / (divisors === undefined ? 1 : divisors[i]!),
  );
}

/**
 * What GGUF's converter would have written to `rope_freqs.weight`: 1 for short waves, `factor` for long ones, and
 * between them a blend.
 *
 * Source   transformers modeling_rope_utils.py, _compute_llama3_parameters
 */
export function llama3Divisors(headDim: number, theta: number, scaling: RopeScaling): Float64Array {
  const { factor, lowFreqFactor: low, highFreqFactor: high, originalContext } = scaling;
  return ropeFrequencies(headDim, theta).map((frequency) => {
    const wave = (2 * Math.PI) / frequency;
    if (wave < originalContext / high) return 1;
    if (wave > originalContext / low) return factor;
    const smooth = (originalContext / wave - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

/** Writes cos and sin of each pair's angle at `position` to `table`, a row of headDim numbers from `offset` on. */
export function ropeRow(
  table: Float32Array,
  offset: number,
  frequencies: Float64Array,
  position: number,
): void {
  for (let i = 0; i < frequencies.length; i++) {
    const angle = position * frequencies[i]!;
    table[offset + 2 * i] = Math.cos(angle);
    table[offset + 2 * i + 1] = Math.sin(angle);
  }
}
