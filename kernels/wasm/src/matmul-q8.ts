// 8-bit weights. A group is 8 rows; for each 32 weights of a row it holds 256 B of i8:
// 16 pairs of 8-byte vectors A, B (A: rows 0-3, B: rows 4-7); 2 bytes a row = weights 2i, 2i+1. Then, for 8 rows:
//   q8_0   f16 scale                           272 B   (q8_0 and q5_0)
//   q8_1   f32 scale, f32 min                  320 B   (q5_1 and q5_k, whose products need more than an f16)
import { FEW, WORDS } from './activations';
import { halves, madd, nextHalves, store8 } from './lanes';
import { storeTile, turn1, turn2, turn3 } from './quad';

export const Q8_0_BLOCK: usize = 272;
export const Q8_1_BLOCK: usize = 320;

@inline
function scaled(s: v128, scale: v128, sum: v128): v128 {
  return madd(f32x4.convert_i32x4_s(s), scale, sum);
}

/** One token against two groups, as in matmul-q4.ts. */
@inline
function gemv(mins: bool, w: usize, far: usize, a: usize, end: usize, y: usize, n: i32): void {
  let fa = f32x4.splat(0), fb = fa, fc = fa, fd = fa;
  for (; a != end; a += WORDS) {
    let sa = i32x4.splat(0), sb = sa, sc = sa, sd = sa;
    for (let i: usize = 0; i < 16; i++) {
      const t = v128.load32_splat(a + 4 * i), p = w + 16 * i;
      sa = i32x4.add(sa, i32x4.dot_i16x8_s(t, v128.load8x8_s(p)));
      sb = i32x4.add(sb, i32x4.dot_i16x8_s(t, v128.load8x8_s(p, 8)));
      sc = i32x4.add(sc, i32x4.dot_i16x8_s(t, v128.load8x8_s(p + far)));
      sd = i32x4.add(sd, i32x4.dot_i16x8_s(t, v128.load8x8_s(p + far, 8)));
    }
    w += 256;
    const scale = v128.load32_splat(a, 64);
    fa = scaled(sa, f32x4.mul(scale, mins ? v128.load(w) : halves(w)), fa);
    fb = scaled(sb, f32x4.mul(scale, mins ? v128.load(w, 16) : nextHalves(w)), fb);
    fc = scaled(sc, f32x4.mul(scale, mins ? v128.load(w + far) : halves(w + far)), fc);
    fd = scaled(sd, f32x4.mul(scale, mins ? v128.load(w + far, 16) : nextHalves(w + far)), fd);
    if (mins) {
      const sum = v128.load32_splat(a, 68);
      fa = madd(v128.load(w, 32), sum, fa);
      fb = madd(v128.load(w, 48), sum, fb);
      fc = madd(v128.load(w + far, 32), sum, fc);
      fd = madd(v128.load(w + far, 48), sum, fd);
    }
    w += mins ? 64 : 16;
  }
  store8(y, fa, fb, n);
  if (n > 8) store8(y + 32, fc, fd, n - 8);
}

/** Four tokens against one group, which ends at `end`. */
@inline
function tile(mins: bool, w: usize, end: usize, q: usize, y: usize, stride: usize, tokens: i32, rows: i32): void {
  let f0 = f32x4.splat(0), f1 = f0, f2 = f0, f3 = f0, g0 = f0, g1 = f0, g2 = f0, g3 = f0;
  while (w != end) {
    let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    for (const last = w + 256; w != last; w += 16, q += 16) {
      const wa = v128.load8x8_s(w), wb = v128.load8x8_s(w, 8);
      const t0 = v128.load(q), t1 = turn1(t0), t2 = turn2(t0), t3 = turn3(t0);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(t0, wa)); b0 = i32x4.add(b0, i32x4.dot_i16x8_s(t0, wb));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(t1, wa)); b1 = i32x4.add(b1, i32x4.dot_i16x8_s(t1, wb));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(t2, wa)); b2 = i32x4.add(b2, i32x4.dot_i16x8_s(t2, wb));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(t3, wa)); b3 = i32x4.add(b3, i32x4.dot_i16x8_s(t3, wb));
    }
    const sa = mins ? v128.load(w) : halves(w), sb = mins ? v128.load(w, 16) : nextHalves(w);
    const t0 = v128.load(q), t1 = turn1(t0), t2 = turn2(t0), t3 = turn3(t0);
    f0 = scaled(a0, f32x4.mul(t0, sa), f0); g0 = scaled(b0, f32x4.mul(t0, sb), g0);
    f1 = scaled(a1, f32x4.mul(t1, sa), f1); g1 = scaled(b1, f32x4.mul(t1, sb), g1);
    f2 = scaled(a2, f32x4.mul(t2, sa), f2); g2 = scaled(b2, f32x4.mul(t2, sb), g2);
    f3 = scaled(a3, f32x4.mul(t3, sa), f3); g3 = scaled(b3, f32x4.mul(t3, sb), g3);
    if (mins) {
      const ma = v128.load(w, 32), mb = v128.load(w, 48);
      const s0 = v128.load(q, 16), s1 = turn1(s0), s2 = turn2(s0), s3 = turn3(s0);
      f0 = madd(ma, s0, f0); g0 = madd(mb, s0, g0);
      f1 = madd(ma, s1, f1); g1 = madd(mb, s1, g1);
      f2 = madd(ma, s2, f2); g2 = madd(mb, s2, g2);
      f3 = madd(ma, s3, f3); g3 = madd(mb, s3, g3);
    }
    w += mins ? 64 : 16;
    q += 32;
  }
  storeTile(f0, f1, f2, f3, g0, g1, g2, g3, y, stride, tokens, rows);
}

@inline
function matmul(mins: bool, w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32): void {
  const blocks = cols >> 5;
  const token = <usize>blocks * WORDS, stride = <usize>rows << 2;
  const group = <usize>blocks * (mins ? Q8_1_BLOCK : Q8_0_BLOCK);
  w += <usize>(first >> 3) * group;
  y += <usize>first << 2;
  if (m <= FEW) {
    for (let r = first; r < last; r += 16, w += 2 * group, y += 64) {
      const far = last - r > 8 ? group : 0;
      let at = y, from = a;
      for (let i = 0; i < m; i++, at += stride, from += token) gemv(mins, w, far, from, from + token, at, last - r);
    }
    return;
  }
  for (let r = first; r < last; r += 8, w += group, y += 32) {
    let at = y, from = a;
    for (let i = 0; i < m; i += 4, at += 4 * stride, from += 4 * token) {
      tile(mins, w, w + group, from, at, stride, m - i, last - r);
    }
  }
}

/** y (m, rows) = activations (m, cols), from quantise_… of the same name · packed weights, for rows first … last-1. */
export function matmul_q8_0(w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32): void {
  matmul(false, w, a, y, rows, cols, m, first, last);
}
export function matmul_q8_1(w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32): void {
  matmul(true, w, a, y, rows, cols, m, first, last);
}
