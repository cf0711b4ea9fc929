// Four tokens against eight rows. Activations have token t in lane t, weights row r in lane r: their product holds the
// pairs (r, r), and after a rotation of the activations the pairs (r, r + 1), and so on. One load of activations and
// three rotations thus meet four rows; four broadcasts would take four loads, which cost most where an engine checks
// each one's bounds, as workerd does.
import { store8 } from './lanes';

const EVEN_LANES: usize = memory.data<u32>([0xffffffff, 0, 0xffffffff, 0], 16);
const LOW_LANES: usize = memory.data<u32>([0xffffffff, 0xffffffff, 0, 0], 16);

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

/** Lanes 0 and 2 of `a`, 1 and 3 of `b`. */
@inline
function even(a: v128, b: v128): v128 {
  return v128.bitselect(a, b, v128.load(EVEN_LANES));
}

/** Lanes 0 and 1 of `a`, 2 and 3 of `b`. */
@inline
function low(a: v128, b: v128): v128 {
  return v128.bitselect(a, b, v128.load(LOW_LANES));
}

/** Where results of a tile go: y of the first token and row, bytes from token to token, and how many there are. */
@inline
export function storeTile(
  f0: v128, f1: v128, f2: v128, f3: v128, g0: v128, g1: v128, g2: v128, g3: v128,
  y: usize, stride: usize, tokens: i32, rows: i32,
): void {
  const a = even(f0, f3), b = even(f2, f1), c = even(f1, f0), d = even(f3, f2);
  const e = even(g0, g3), f = even(g2, g1), g = even(g1, g0), h = even(g3, g2);
  store8(y, low(a, b), low(e, f), rows);
  if (tokens > 1) store8(y + stride, low(c, d), low(g, h), rows);
  if (tokens > 2) store8(y + 2 * stride, low(b, a), low(f, e), rows);
  if (tokens > 3) store8(y + 3 * stride, low(d, c), low(h, g), rows);
}
