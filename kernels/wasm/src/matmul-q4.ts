// 4-bit weights. A group is 8 rows; for each 32 weights of a row it holds 128 B of nibbles:
// vectors A0 B0 A1 B1 A2 B2 A3 B3 (A: rows 0-3, B: rows 4-7); 32-bit lane = row,
// byte b of vector i = weight 4i+b in the low nibble, 16+4i+b in the high one. Then, for 8 rows:
//   q4_0   f16 scale                                                  144 B
//   q4_1   f16 scale, f16 min                                         160 B
//   q4_k   u8 scale, u8 min; after 8 such blocks f16 d, f16 dmin     1184 B for 256
// One row's result is the same numbers added in the same order whether it is computed alone or in a batch.
import { BYTES_32, FEW } from './activations';
import { dot16, halves, madd, nextHalves, NIBBLE, ONE_I16, store8, wholeHalves } from './lanes';
import { pairsA, pairsB, scaled, tile } from './panel';

export const Q4_0_BLOCK: usize = 144;
export const Q4_1_BLOCK: usize = 160;
export const Q4_K_PART: usize = 144;
export const Q4_K_BLOCK: usize = 8 * Q4_K_PART + 32;

/**
 * One token against two groups, `far` bytes apart: a machine reads two streams of weights faster than one. The second
 * group is the first again (far = 0) where there is none.
 */
@inline
function gemv(mins: bool, w: usize, far: usize, a: usize, end: usize, y: usize, n: i32): void {
  const low = v128.load(NIBBLE), one = v128.load(ONE_I16);
  let fa = f32x4.splat(0), fb = fa, fc = fa, fd = fa;
  for (; a != end; a += BYTES_32) {
    let sa = v128.load32_splat(a, 32), sb = sa, sc = sa, sd = sa;
    for (let i: usize = 0; i < 4; i++) {
      const p = a + 4 * i, q = w + 32 * i;
      const t = v128.load32_splat(p), u = v128.load32_splat(p, 16);
      let v = v128.load(q);
      sa = i16x8.add(i16x8.add(sa, dot16(t, v128.and(v, low))), dot16(u, v128.and(i16x8.shr_u(v, 4), low)));
      v = v128.load(q, 16);
      sb = i16x8.add(i16x8.add(sb, dot16(t, v128.and(v, low))), dot16(u, v128.and(i16x8.shr_u(v, 4), low)));
      v = v128.load(q + far);
      sc = i16x8.add(i16x8.add(sc, dot16(t, v128.and(v, low))), dot16(u, v128.and(i16x8.shr_u(v, 4), low)));
      v = v128.load(q + far, 16);
      sd = i16x8.add(i16x8.add(sd, dot16(t, v128.and(v, low))), dot16(u, v128.and(i16x8.shr_u(v, 4), low)));
    }
    w += 128;
    const scale = v128.load32_splat(a, 36);
    fa = scaled(sa, one, f32x4.mul(scale, halves(w)), fa);
    fb = scaled(sb, one, f32x4.mul(scale, nextHalves(w)), fb);
    fc = scaled(sc, one, f32x4.mul(scale, halves(w + far)), fc);
    fd = scaled(sd, one, f32x4.mul(scale, nextHalves(w + far)), fd);
    w += 16;
    if (mins) {
      const sum = v128.load32_splat(a, 40);
      fa = madd(halves(w), sum, fa);
      fb = madd(nextHalves(w), sum, fb);
      fc = madd(halves(w + far), sum, fc);
      fd = madd(nextHalves(w + far), sum, fd);
      w += 16;
    }
  }
  store8(y, fa, fb, n);
  if (n > 8) store8(y + 32, fc, fd, n - 8);
}

function gemv_q4_0(w: usize, far: usize, a: usize, end: usize, y: usize, n: i32): void {
  gemv(false, w, far, a, end, y, n);
}

function gemv_q4_1(w: usize, far: usize, a: usize, end: usize, y: usize, n: i32): void {
  gemv(true, w, far, a, end, y, n);
}

/** One token against one group: with twice the scales and mins at hand, two would not fit the registers. */
function gemv_q4_k(w: usize, a: usize, end: usize, y: usize, n: i32): void {
  const low = v128.load(NIBBLE);
  let fa = f32x4.splat(0), fb = f32x4.splat(0);
  while (a != end) {
    const tail = w + 8 * Q4_K_PART;
    const da = wholeHalves(tail), db = wholeHalves(tail + 8);
    const ma = f32x4.neg(wholeHalves(tail + 16)), mb = f32x4.neg(wholeHalves(tail + 24));
    while (w != tail) {
      let sa = i16x8.splat(0), sb = sa;
      for (const last = a + 16; a != last; a += 4, w += 32) {
        const va = v128.load(w), vb = v128.load(w, 16), t = v128.load32_splat(a), u = v128.load32_splat(a, 16);
        sa = i16x8.add(i16x8.add(sa, dot16(t, v128.and(va, low))), dot16(u, v128.and(i16x8.shr_u(va, 4), low)));
        sb = i16x8.add(i16x8.add(sb, dot16(t, v128.and(vb, low))), dot16(u, v128.and(i16x8.shr_u(vb, 4), low)));
      }
      const scales = v128.load8x8_u(w), mins = v128.load8x8_u(w, 8);
      const scale = v128.load32_splat(a, 20), sum = v128.load32_splat(a, 24);
      fa = scaled(sa, pairsA(scales), f32x4.mul(scale, da), fa);
      fb = scaled(sb, pairsB(scales), f32x4.mul(scale, db), fb);
      fa = madd(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(mins)), ma), sum, fa);
      fb = madd(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(mins)), mb), sum, fb);
      w += 16;
      a += BYTES_32 - 16;
    }
    w += 32;
  }
  store8(y, fa, fb, n);
}

// Panels: see panel.ts. q4_0: 288 B for 32 columns, q4_1: 320, q4_k: 352.

@inline
function unpackNibbles(w: usize, p: usize, low: v128): void {
  for (let i: usize = 0; i < 128; i += 32) {
    const q = w + i, to = p + i;
    const a = v128.load(q), b = v128.load(q, 16);
    v128.store(to, v128.and(a, low));
    v128.store(to, v128.and(b, low), 16);
    v128.store(to, v128.and(i16x8.shr_u(a, 4), low), 128);
    v128.store(to, v128.and(i16x8.shr_u(b, 4), low), 144);
  }
}

/** Returns where the panel ends. */
@inline
function unpack(mins: bool, w: usize, p: usize, blocks: i32): usize {
  const low = v128.load(NIBBLE);
  for (; blocks > 0; blocks--) {
    unpackNibbles(w, p, low);
    const fields: usize = mins ? 64 : 32;
    for (let i: usize = 0; i < fields; i += 32) {
      const at = w + 128 + (i >> 1);
      v128.store(p + i, halves(at), 256);
      v128.store(p + i, nextHalves(at), 272);
    }
    w += mins ? Q4_1_BLOCK : Q4_0_BLOCK;
    p += mins ? 320 : 288;
  }
  return p;
}

function unpack_q4_0(w: usize, p: usize, blocks: i32): usize {
  return unpack(false, w, p, blocks);
}

function unpack_q4_1(w: usize, p: usize, blocks: i32): usize {
  return unpack(true, w, p, blocks);
}

function unpack_q4_k(w: usize, p: usize, blocks: i32): usize {
  const low = v128.load(NIBBLE);
  for (; blocks > 0; blocks -= 8, w += Q4_K_BLOCK - 8 * Q4_K_PART) {
    const tail = w + 8 * Q4_K_PART;
    const ma = f32x4.neg(wholeHalves(tail + 16)), mb = f32x4.neg(wholeHalves(tail + 24));
    for (; w != tail; w += Q4_K_PART, p += 352) {
      unpackNibbles(w, p, low);
      const scales = v128.load8x8_u(w, 128), mins = v128.load8x8_u(w, 136);
      v128.store(p, wholeHalves(tail), 256);
      v128.store(p, wholeHalves(tail + 8), 272);
      v128.store(p, pairsA(scales), 288);
      v128.store(p, pairsB(scales), 304);
      v128.store(p, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(mins)), ma), 320);
      v128.store(p, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(mins)), mb), 336);
    }
  }
  return p;
}

function tile_q4_0(p: usize, end: usize, q: usize, y: usize, stride: usize, tokens: i32, rows: i32): void {
  tile(32, false, false, p, end, q, y, stride, tokens, rows);
}

function tile_q4_1(p: usize, end: usize, q: usize, y: usize, stride: usize, tokens: i32, rows: i32): void {
  tile(32, false, true, p, end, q, y, stride, tokens, rows);
}

function tile_q4_k(p: usize, end: usize, q: usize, y: usize, stride: usize, tokens: i32, rows: i32): void {
  tile(32, true, true, p, end, q, y, stride, tokens, rows);
}

const Q4_0: i32 = 0;
const Q4_1: i32 = 1;
const Q4_K: i32 = 2;

@inline
function matmul(kind: i32, w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize): void {
  const blocks = cols >> 5;
  const token = <usize>blocks * BYTES_32, stride = <usize>rows << 2;
  const group: usize = kind == Q4_0 ? <usize>blocks * Q4_0_BLOCK
    : kind == Q4_1 ? <usize>blocks * Q4_1_BLOCK : (<usize>blocks >> 3) * Q4_K_BLOCK;
  w += <usize>(first >> 3) * group;
  y += <usize>first << 2;
  if (m <= FEW) {
    const step = kind == Q4_K ? 8 : 16;
    for (let r = first; r < last; r += step, w += <usize>(step >> 3) * group, y += <usize>step << 2) {
      const far = last - r > 8 ? group : 0;
      let at = y, from = a;
      for (let i = 0; i < m; i++, at += stride, from += token) {
        if (kind == Q4_0) gemv_q4_0(w, far, from, from + token, at, last - r);
        else if (kind == Q4_1) gemv_q4_1(w, far, from, from + token, at, last - r);
        else gemv_q4_k(w, from, from + token, at, last - r);
      }
    }
    return;
  }
  for (let r = first; r < last; r += 8, w += group, y += 32) {
    let at = y, from = a;
    const end = kind == Q4_0 ? unpack_q4_0(w, panel, blocks)
      : kind == Q4_1 ? unpack_q4_1(w, panel, blocks) : unpack_q4_k(w, panel, blocks);
    for (let i = 0; i < m; i += 4, at += 4 * stride, from += 4 * token) {
      if (kind == Q4_0) tile_q4_0(panel, end, from, at, stride, m - i, last - r);
      else if (kind == Q4_1) tile_q4_1(panel, end, from, at, stride, m - i, last - r);
      else tile_q4_k(panel, end, from, at, stride, m - i, last - r);
    }
  }
}

/**
 * y (m, rows) = activations (m, cols), from quantise_… of the same name · packed weights, for rows first … last-1:
 * `first` is a multiple of 8, `last` too or `rows`. `panel`: as many bytes as a group unpacks to.
 */
export function matmul_q4_0(w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize): void {
  matmul(Q4_0, w, a, y, rows, cols, m, first, last, panel);
}
export function matmul_q4_1(w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize): void {
  matmul(Q4_1, w, a, y, rows, cols, m, first, last, panel);
}
export function matmul_q4_k(w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize): void {
  matmul(Q4_K, w, a, y, rows, cols, m, first, last, panel);
}
