// Four tokens against eight rows. Activations have token t in lane t, weights row r in lane r: their product holds the
// pairs (r, r), and after a rotation of the activations the pairs (r, r + 1), and so on. One load of activations and
// three rotations thus meet four rows; four broadcasts would take four loads, which cost most where an engine checks
// each one's bounds, as workerd does.
import { store8 } from './lanes';

/** Lane r is lane r + 1 of `v`. */
@inline
export function turn1(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 1, 2, 3, 0);
}
@inline
export function turn2(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 2, 3, 0, 1);
}
@inline
export function turn3(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 3, 0, 1, 2);
}

/** Where results of a tile go: y of the first token and row, bytes from token to token, and how many there are. */
@inline
export function storeTile(
  f0: v128, f1: v128, f2: v128, f3: v128, g0: v128, g1: v128, g2: v128, g3: v128,
  y: usize, stride: usize, tokens: i32, rows: i32,
): void {
  const a = v128.shuffle<f32>(f0, f3, 0, 5, 2, 7), b = v128.shuffle<f32>(f2, f1, 0, 5, 2, 7);
  const c = v128.shuffle<f32>(f1, f0, 0, 5, 2, 7), d = v128.shuffle<f32>(f3, f2, 0, 5, 2, 7);
  const e = v128.shuffle<f32>(g0, g3, 0, 5, 2, 7), f = v128.shuffle<f32>(g2, g1, 0, 5, 2, 7);
  const g = v128.shuffle<f32>(g1, g0, 0, 5, 2, 7), h = v128.shuffle<f32>(g3, g2, 0, 5, 2, 7);
  store8(y, v128.shuffle<f32>(a, b, 0, 1, 6, 7), v128.shuffle<f32>(e, f, 0, 1, 6, 7), rows);
  if (tokens > 1) store8(y + stride, v128.shuffle<f32>(c, d, 0, 1, 6, 7), v128.shuffle<f32>(g, h, 0, 1, 6, 7), rows);
  if (tokens > 2) store8(y + 2 * stride, v128.shuffle<f32>(b, a, 0, 1, 6, 7), v128.shuffle<f32>(f, e, 0, 1, 6, 7), rows);
  if (tokens > 3) store8(y + 3 * stride, v128.shuffle<f32>(d, c, 0, 1, 6, 7), v128.shuffle<f32>(h, g, 0, 1, 6, 7), rows);
}
