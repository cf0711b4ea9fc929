/** `Device.rmsNorm`, as written in the paper. Sums in f64 so that it can judge the others. */
export function rmsNorm(
  out: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  m: number,
  dim: number,
  eps: number,
): void {
  for (let r = 0; r < m; r++) {
    const row = r * dim;
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += x[row + i]! ** 2;
    const scale = 1 / Math.sqrt(sum / dim + eps);
    for (let i = 0; i < dim; i++) out[row + i] = x[row + i]! * scale * weight[i]!;
  }
}
