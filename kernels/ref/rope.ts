/** `Device.rope`: a complex number a pair, turned by its angle. */
export function rope(x: Float32Array, table: Float32Array, m: number, heads: number, headDim: number): void {
  for (let row = 0; row < m; row++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < headDim; i += 2) {
        const at = (row * heads + h) * headDim + i;
        const [cos, sin] = [table[row * headDim + i]!, table[row * headDim + i + 1]!];
        const [re, im] = [x[at]!, x[at + 1]!];
        x[at] = re * cos - im * sin;
        x[at + 1] = re * sin + im * cos;
      }
}
