export interface AttentionShape {
  readonly m: number;
  readonly pos: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly capacity: number;
}

/**
 * `Device.attention`, one query and one head at a time: all scores, their softmax, the weighted values.
 *
 * Shapes   out, q (m, heads, headDim) · keys, values (kvHeads, capacity, headDim)
 */
export function attention(
  out: Float32Array,
  q: Float32Array,
  keys: Float32Array,
  values: Float32Array,
  { m, pos, heads, kvHeads, headDim, capacity }: AttentionShape,
): void {
  const group = heads / kvHeads;
  for (let i = 0; i < m; i++)
    for (let h = 0; h < heads; h++) {
      const query = (i * heads + h) * headDim;
      const cache = Math.floor(h / group) * capacity * headDim;
      const scores: number[] = [];
      for (let t = 0; t <= pos + i; t++) {
        let dot = 0;
        for (let d = 0; d < headDim; d++) dot += q[query + d]! * keys[cache + t * headDim + d]!;
        scores.push(dot / Math.sqrt(headDim));
      }
      const peak = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - peak));
      const total = weights.reduce((a, b) => a + b, 0);
      for (let d = 0; d < headDim; d++) {
        let sum = 0;
        weights.forEach((w, t) => {
          sum += w * values[cache + t * headDim + d]!;
        });
        out[query + d] = sum / total;
      }
    }
}
