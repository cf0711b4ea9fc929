// 8-bit weights. A group is 8 rows; for each 32 weights of a row it holds 256 B of i8:
// 16 pairs of 8-byte vectors A, B (A: rows 0-3, B: rows 4-7); 2 bytes a row = weights 2i, 2i+1. Then, for 8 rows:
//   q8_0   f16 scale                           272 B   (q8_0 and q5_0)
//   q8_1   f32 scale, f32 min                  320 B   (q5_1 and q5_k, whose products need more than an f16)
import { WORDS_BLOCK } from './activations';
import { halves, madd, store8 } from './lanes';

export const Q8_0_BLOCK: usize = 272;
export const Q8_1_BLOCK: usize = 320;

@inline
function dotWords(a: usize, w: usize): v128 {
  let s = i32x4.dot_i16x8_s(v128.load32_splat(a), v128.load8x8_s(w));
  for (let i: usize = 1; i < 16; i++) {
    s = i32x4.add(s, i32x4.dot_i16x8_s(v128.load32_splat(a + 4 * i), v128.load8x8_s(w + 16 * i)));
  }
  return s;
}

@inline
function scaled(full: bool, s: v128, a: usize, w: usize, half: usize, sum: v128): v128 {
  const dot = f32x4.convert_i32x4_s(s);
  if (!full) return madd(dot, f32x4.mul(v128.load32_splat(a, 72), halves(w + 256 + half)), sum);
  sum = madd(dot, f32x4.mul(v128.load32_splat(a, 64), v128.load(w + 2 * half, 256)), sum);
  return madd(v128.load(w + 2 * half, 288), v128.load32_splat(a, 68), sum);
}

@inline
function gemv(full: bool, w: usize, a0: usize, y: usize, rows: i32, cols: i32): void {
  const size = full ? Q8_1_BLOCK : Q8_0_BLOCK;
  const end = a0 + (<usize>cols >> 5) * WORDS_BLOCK;
  for (let r = 0; r < rows; r += 8, y += 32) {
    let fa = f32x4.splat(0), fb = f32x4.splat(0);
    for (let a = a0; a != end; a += WORDS_BLOCK, w += size) {
      fa = scaled(full, dotWords(a, w), a, w, 0, fa);
      fb = scaled(full, dotWords(a, w + 8), a, w, 8, fb);
    }
    store8(y, fa, fb, rows - r);
  }
}

/** Four token rows against one group. */
@inline
function tile(
  full: bool, w: usize, blocks: i32, p0: usize, p1: usize, p2: usize, p3: usize,
  y: usize, stride: usize, count: i32, n: i32,
): void {
  const size = full ? Q8_1_BLOCK : Q8_0_BLOCK;
  let f0 = f32x4.splat(0), f1 = f0, f2 = f0, f3 = f0, f4 = f0, f5 = f0, f6 = f0, f7 = f0;
  for (const end = w + <usize>blocks * size; w != end;
       w += size, p0 += WORDS_BLOCK, p1 += WORDS_BLOCK, p2 += WORDS_BLOCK, p3 += WORDS_BLOCK) {
    let a = i32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    for (let i: usize = 0; i < 16; i++) {
      const wa = v128.load8x8_s(w + 16 * i), wb = v128.load8x8_s(w + 16 * i, 8);
      let t = v128.load32_splat(p0 + 4 * i);
      a = i32x4.add(a, i32x4.dot_i16x8_s(t, wa)); b = i32x4.add(b, i32x4.dot_i16x8_s(t, wb));
      t = v128.load32_splat(p1 + 4 * i);
      c = i32x4.add(c, i32x4.dot_i16x8_s(t, wa)); d = i32x4.add(d, i32x4.dot_i16x8_s(t, wb));
      t = v128.load32_splat(p2 + 4 * i);
      e = i32x4.add(e, i32x4.dot_i16x8_s(t, wa)); f = i32x4.add(f, i32x4.dot_i16x8_s(t, wb));
      t = v128.load32_splat(p3 + 4 * i);
      g = i32x4.add(g, i32x4.dot_i16x8_s(t, wa)); h = i32x4.add(h, i32x4.dot_i16x8_s(t, wb));
    }
    f0 = scaled(full, a, p0, w, 0, f0); f1 = scaled(full, b, p0, w, 8, f1);
    f2 = scaled(full, c, p1, w, 0, f2); f3 = scaled(full, d, p1, w, 8, f3);
    f4 = scaled(full, e, p2, w, 0, f4); f5 = scaled(full, f, p2, w, 8, f5);
    f6 = scaled(full, g, p3, w, 0, f6); f7 = scaled(full, h, p3, w, 8, f7);
  }
  store8(y, f0, f1, n);
  if (count > 1) store8(y + stride, f2, f3, n);
  if (count > 2) store8(y + 2 * stride, f4, f5, n);
  if (count > 3) store8(y + 3 * stride, f6, f7, n);
}

@inline
function matmul(
  full: bool, w: usize, a0: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32,
): void {
  const blocks = cols >> 5;
  const aStride = <usize>blocks * WORDS_BLOCK, yStride = <usize>rows << 2;
  const groupBytes = <usize>blocks * (full ? Q8_1_BLOCK : Q8_0_BLOCK);
  w += <usize>(first >> 3) * groupBytes;
  y += <usize>first << 2;
  rows = last - first;
  if (m == 1) return gemv(full, w, a0, y, rows, cols);
  for (let r = 0; r < rows; r += 8, w += groupBytes) {
    for (let i = 0; i < m; i += 4) {
      const count = min(m - i, 4); // missing rows repeat the last one and are not stored
      const p0 = a0 + <usize>i * aStride;
      const p1 = count > 1 ? p0 + aStride : p0, p2 = count > 2 ? p1 + aStride : p1, p3 = count > 3 ? p2 + aStride : p2;
      tile(full, w, blocks, p0, p1, p2, p3, y + <usize>i * yStride + (<usize>r << 2), yStride, count, rows - r);
    }
  }
}

/**
 * y (m, rows) = activations (m, cols) in the words form · packed weights, for rows first … last-1 of the weights:
 * `first` is a multiple of 8, `last` too or `rows`.
 */
export function matmul_q8_0(
  w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32,
): void {
  matmul(false, w, a, y, rows, cols, m, first, last);
}
export function matmul_q8_1(
  w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32,
): void {
  matmul(true, w, a, y, rows, cols, m, first, last);
}
