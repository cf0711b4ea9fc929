// q6_k weights. A group is 8 rows; for each 32 weights of a row it holds
//    0  low four bits of each weight, laid out as in matmul-q4.ts, 128 B
//  128  high two bits: vectors A, B for weights 0-15, then A, B for 16-31; bits 2i, 2i+1 of byte b = weight 4i+b
//  192  i8 scale of weights 0-15 × 8 rows, then of weights 16-31
// and after 8 such parts the 8 rows' f16 d: 1680 B for 256 weights.
import { BYTES_BLOCK } from './activations';
import { BITS_4_5, dot16, madd, NIBBLE, store8, wholeHalves } from './lanes';

export const Q6_K_PART: usize = 208;
export const Q6_K_BLOCK: usize = 8 * Q6_K_PART + 16;

@inline
function dotFirst(s: v128, a: usize, w: usize, hi: v128, low: v128, top: v128): v128 {
  s = i16x8.add(s, dot16(v128.load32_splat(a), v128.or(v128.and(v128.load(w), low), v128.and(i16x8.shl(hi, 4), top))));
  s = i16x8.add(s, dot16(v128.load32_splat(a, 4), v128.or(v128.and(v128.load(w, 32), low), v128.and(i16x8.shl(hi, 2), top))));
  s = i16x8.add(s, dot16(v128.load32_splat(a, 8), v128.or(v128.and(v128.load(w, 64), low), v128.and(hi, top))));
  return i16x8.add(s, dot16(v128.load32_splat(a, 12), v128.or(v128.and(v128.load(w, 96), low), v128.and(i16x8.shr_u(hi, 2), top))));
}

@inline
function dotLast(s: v128, a: usize, w: usize, hi: v128, low: v128, top: v128): v128 {
  s = i16x8.add(s, dot16(v128.load32_splat(a, 16), v128.or(v128.and(i16x8.shr_u(v128.load(w), 4), low), v128.and(i16x8.shl(hi, 4), top))));
  s = i16x8.add(s, dot16(v128.load32_splat(a, 20), v128.or(v128.and(i16x8.shr_u(v128.load(w, 32), 4), low), v128.and(i16x8.shl(hi, 2), top))));
  s = i16x8.add(s, dot16(v128.load32_splat(a, 24), v128.or(v128.and(i16x8.shr_u(v128.load(w, 64), 4), low), v128.and(hi, top))));
  return i16x8.add(s, dot16(v128.load32_splat(a, 28), v128.or(v128.and(i16x8.shr_u(v128.load(w, 96), 4), low), v128.and(i16x8.shr_u(hi, 2), top))));
}

/** Four of sixteen i8 scales as i16 pairs: rows 0-3 or 4-7, first or last half of the weights. */
@inline
function pairs0(s: v128): v128 {
  return i16x8.shr_s(v128.shuffle<u8>(s, s, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3), 8);
}
@inline
function pairs1(s: v128): v128 {
  return i16x8.shr_s(v128.shuffle<u8>(s, s, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7), 8);
}
@inline
function pairs2(s: v128): v128 {
  return i16x8.shr_s(v128.shuffle<u8>(s, s, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11), 8);
}
@inline
function pairs3(s: v128): v128 {
  return i16x8.shr_s(v128.shuffle<u8>(s, s, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15), 8);
}

/** Both halves' sums, each times its own scale, then times the block's. */
@inline
function scaled(first: v128, last: v128, qFirst: v128, qLast: v128, scale: v128, sum: v128): v128 {
  const both = i32x4.add(i32x4.dot_i16x8_s(first, qFirst), i32x4.dot_i16x8_s(last, qLast));
  return madd(f32x4.convert_i32x4_s(both), scale, sum);
}

function gemv(w: usize, a0: usize, y: usize, rows: i32, cols: i32): void {
  const low = v128.load(NIBBLE), top = v128.load(BITS_4_5);
  const end = a0 + (<usize>cols >> 5) * BYTES_BLOCK;
  for (let r = 0; r < rows; r += 8, y += 32) {
    let fa = f32x4.splat(0), fb = f32x4.splat(0);
    for (let a = a0; a != end; w += 16) {
      const tail = w + 8 * Q6_K_PART;
      const da = wholeHalves(tail), db = wholeHalves(tail + 8);
      for (; w != tail; a += BYTES_BLOCK, w += Q6_K_PART) {
        const q = v128.load(w, 192);
        let first = dotFirst(v128.load32_splat(a, 36), a, w, v128.load(w, 128), low, top);
        let last = dotLast(v128.load32_splat(a, 40), a, w, v128.load(w, 160), low, top);
        fa = scaled(first, last, pairs0(q), pairs2(q), f32x4.mul(v128.load32_splat(a, 52), da), fa);
        first = dotFirst(v128.load32_splat(a, 36), a, w + 16, v128.load(w, 144), low, top);
        last = dotLast(v128.load32_splat(a, 40), a, w + 16, v128.load(w, 176), low, top);
        fb = scaled(first, last, pairs1(q), pairs3(q), f32x4.mul(v128.load32_splat(a, 52), db), fb);
      }
    }
    store8(y, fa, fb, rows - r);
  }
}

// A panel block: 0 u8 × 256 as in matmul-q4.ts · 256 f32 d A, B · 288 i16 pair scales A first, B first, A last, B last
const PANEL: usize = 352;

function unpack(w: usize, p: usize, blocks: i32): void {
  const low = v128.load(NIBBLE), top = v128.load(BITS_4_5);
  for (; blocks > 0; blocks -= 8, w += 16) {
    const tail = w + 8 * Q6_K_PART;
    for (; w != tail; w += Q6_K_PART, p += PANEL) {
      for (let half: usize = 0; half < 32; half += 16) {
        const first = v128.load(w + half, 128), last = v128.load(w + half, 160);
        const at = p + half, from = w + half;
        v128.store(at, v128.or(v128.and(v128.load(from), low), v128.and(i16x8.shl(first, 4), top)));
        v128.store(at, v128.or(v128.and(v128.load(from, 32), low), v128.and(i16x8.shl(first, 2), top)), 32);
        v128.store(at, v128.or(v128.and(v128.load(from, 64), low), v128.and(first, top)), 64);
        v128.store(at, v128.or(v128.and(v128.load(from, 96), low), v128.and(i16x8.shr_u(first, 2), top)), 96);
        v128.store(at, v128.or(v128.and(i16x8.shr_u(v128.load(from), 4), low), v128.and(i16x8.shl(last, 4), top)), 128);
        v128.store(at, v128.or(v128.and(i16x8.shr_u(v128.load(from, 32), 4), low), v128.and(i16x8.shl(last, 2), top)), 160);
        v128.store(at, v128.or(v128.and(i16x8.shr_u(v128.load(from, 64), 4), low), v128.and(last, top)), 192);
        v128.store(at, v128.or(v128.and(i16x8.shr_u(v128.load(from, 96), 4), low), v128.and(i16x8.shr_u(last, 2), top)), 224);
      }
      const q = v128.load(w, 192);
      v128.store(p, wholeHalves(tail), 256);
      v128.store(p, wholeHalves(tail + 8), 272);
      v128.store(p, pairs0(q), 288);
      v128.store(p, pairs1(q), 304);
      v128.store(p, pairs2(q), 320);
      v128.store(p, pairs3(q), 336);
    }
  }
}

/** Two token rows against one unpacked group. */
function tile(panel: usize, blocks: i32, p0: usize, p1: usize, y: usize, stride: usize, count: i32, n: i32): void {
  let f0 = f32x4.splat(0), f1 = f0, f2 = f0, f3 = f0;
  for (const end = panel + <usize>blocks * PANEL; panel != end; panel += PANEL, p0 += BYTES_BLOCK, p1 += BYTES_BLOCK) {
    let a = v128.load32_splat(p0, 36), b = a, c = v128.load32_splat(p1, 36), d = c;
    for (let i: usize = 0; i < 4; i++) {
      const wa = v128.load(panel + 32 * i), wb = v128.load(panel + 32 * i, 16);
      let t = v128.load32_splat(p0 + 4 * i);
      a = i16x8.add(a, dot16(t, wa)); b = i16x8.add(b, dot16(t, wb));
      t = v128.load32_splat(p1 + 4 * i);
      c = i16x8.add(c, dot16(t, wa)); d = i16x8.add(d, dot16(t, wb));
    }
    let e = v128.load32_splat(p0, 40), f = e, g = v128.load32_splat(p1, 40), h = g;
    for (let i: usize = 4; i < 8; i++) {
      const wa = v128.load(panel + 32 * i), wb = v128.load(panel + 32 * i, 16);
      let t = v128.load32_splat(p0 + 4 * i);
      e = i16x8.add(e, dot16(t, wa)); f = i16x8.add(f, dot16(t, wb));
      t = v128.load32_splat(p1 + 4 * i);
      g = i16x8.add(g, dot16(t, wa)); h = i16x8.add(h, dot16(t, wb));
    }
    const da = v128.load(panel, 256), db = v128.load(panel, 272);
    let t = v128.load32_splat(p0, 52);
    f0 = scaled(a, e, v128.load(panel, 288), v128.load(panel, 320), f32x4.mul(t, da), f0);
    f1 = scaled(b, f, v128.load(panel, 304), v128.load(panel, 336), f32x4.mul(t, db), f1);
    t = v128.load32_splat(p1, 52);
    f2 = scaled(c, g, v128.load(panel, 288), v128.load(panel, 320), f32x4.mul(t, da), f2);
    f3 = scaled(d, h, v128.load(panel, 304), v128.load(panel, 336), f32x4.mul(t, db), f3);
  }
  store8(y, f0, f1, n);
  if (count > 1) store8(y + stride, f2, f3, n);
}

/**
 * y (m, rows) = activations (m, cols) in the bytes form · packed weights, for rows first … last-1 of the weights:
 * `first` is a multiple of 8, `last` too or `rows`. `panel`: 352 B for each 32 of cols.
 */
export function matmul_q6_k(
  w: usize, a0: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize,
): void {
  const blocks = cols >> 5;
  const aStride = <usize>blocks * BYTES_BLOCK, yStride = <usize>rows << 2;
  const groupBytes = (<usize>blocks >> 3) * Q6_K_BLOCK;
  w += <usize>(first >> 3) * groupBytes;
  y += <usize>first << 2;
  rows = last - first;
  if (m == 1) return gemv(w, a0, y, rows, cols);
  for (let r = 0; r < rows; r += 8, w += groupBytes) {
    unpack(w, panel, blocks);
    for (let i = 0; i < m; i += 2) {
      const p0 = a0 + <usize>i * aStride, p1 = i + 1 < m ? p0 + aStride : p0;
      tile(panel, blocks, p0, p1, y + <usize>i * yStride + (<usize>r << 2), yStride, m - i, rows - r);
    }
  }
}
