// 4-bit weights. A group is 8 rows; for each 32 weights of a row it holds 128 B of nibbles:
// vectors A0 B0 A1 B1 A2 B2 A3 B3 (A: rows 0-3, B: rows 4-7); 32-bit lane = row,
// byte b of vector i = weight 4i+b in the low nibble, 16+4i+b in the high one. Then, for 8 rows:
//   q4_0   f16 scale                                                  144 B
//   q4_1   f16 scale, f16 min                                         160 B
//   q4_k   u8 scale, u8 min; after 8 such blocks f16 d, f16 dmin     1184 B for 256
// One row's result is the same numbers added in the same order whether it is computed alone or in a batch.
import { BYTES_BLOCK } from './activations';
import { dot16, halves, madd, NIBBLE, ONE_I16, store8, wholeHalves } from './lanes';

export const Q4_0_BLOCK: usize = 144;
export const Q4_1_BLOCK: usize = 160;
export const Q4_K_PART: usize = 144;
export const Q4_K_BLOCK: usize = 8 * Q4_K_PART + 32;

/** Adds the products of 32 weights of 4 rows to `s`, an i16 pair a row. */
@inline
function dotNibbles(s: v128, a: usize, w: usize, low: v128): v128 {
  let p = v128.load(w);
  s = i16x8.add(s, dot16(v128.load32_splat(a), v128.and(p, low)));
  s = i16x8.add(s, dot16(v128.load32_splat(a, 16), v128.and(i16x8.shr_u(p, 4), low)));
  p = v128.load(w, 32);
  s = i16x8.add(s, dot16(v128.load32_splat(a, 4), v128.and(p, low)));
  s = i16x8.add(s, dot16(v128.load32_splat(a, 20), v128.and(i16x8.shr_u(p, 4), low)));
  p = v128.load(w, 64);
  s = i16x8.add(s, dot16(v128.load32_splat(a, 8), v128.and(p, low)));
  s = i16x8.add(s, dot16(v128.load32_splat(a, 24), v128.and(i16x8.shr_u(p, 4), low)));
  p = v128.load(w, 96);
  s = i16x8.add(s, dot16(v128.load32_splat(a, 12), v128.and(p, low)));
  return i16x8.add(s, dot16(v128.load32_splat(a, 28), v128.and(i16x8.shr_u(p, 4), low)));
}

@inline
function scaled(s: v128, pairScale: v128, scale: v128, sum: v128): v128 {
  return madd(f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(s, pairScale)), scale, sum);
}

/** Rows 0-3 of eight u8 scales, as i16 pairs. */
@inline
function pairsA(scales: v128): v128 {
  return i16x8.shr_u(v128.shuffle<u8>(scales, scales, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3), 8);
}

@inline
function pairsB(scales: v128): v128 {
  return i16x8.shr_u(v128.shuffle<u8>(scales, scales, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7), 8);
}

function gemv_q4_0(w: usize, a0: usize, y: usize, rows: i32, cols: i32): void {
  const low = v128.load(NIBBLE), one = v128.load(ONE_I16);
  const end = a0 + (<usize>cols >> 5) * BYTES_BLOCK;
  for (let r = 0; r < rows; r += 8, y += 32) {
    let fa = f32x4.splat(0), fb = f32x4.splat(0);
    for (let a = a0; a != end; a += BYTES_BLOCK, w += Q4_0_BLOCK) {
      let s = dotNibbles(v128.load32_splat(a, 32), a, w, low);
      fa = scaled(s, one, f32x4.mul(v128.load32_splat(a, 44), halves(w + 128)), fa);
      s = dotNibbles(v128.load32_splat(a, 32), a, w + 16, low);
      fb = scaled(s, one, f32x4.mul(v128.load32_splat(a, 44), halves(w + 136)), fb);
    }
    store8(y, fa, fb, rows - r);
  }
}

function gemv_q4_1(w: usize, a0: usize, y: usize, rows: i32, cols: i32): void {
  const low = v128.load(NIBBLE), one = v128.load(ONE_I16);
  const end = a0 + (<usize>cols >> 5) * BYTES_BLOCK;
  for (let r = 0; r < rows; r += 8, y += 32) {
    let fa = f32x4.splat(0), fb = f32x4.splat(0);
    for (let a = a0; a != end; a += BYTES_BLOCK, w += Q4_1_BLOCK) {
      let s = dotNibbles(i16x8.splat(0), a, w, low);
      fa = scaled(s, one, f32x4.mul(v128.load32_splat(a, 44), halves(w + 128)), fa);
      fa = madd(halves(w + 144), v128.load32_splat(a, 48), fa);
      s = dotNibbles(i16x8.splat(0), a, w + 16, low);
      fb = scaled(s, one, f32x4.mul(v128.load32_splat(a, 44), halves(w + 136)), fb);
      fb = madd(halves(w + 152), v128.load32_splat(a, 48), fb);
    }
    store8(y, fa, fb, rows - r);
  }
}

function gemv_q4_k(w: usize, a0: usize, y: usize, rows: i32, cols: i32): void {
  const low = v128.load(NIBBLE);
  const end = a0 + (<usize>cols >> 5) * BYTES_BLOCK;
  for (let r = 0; r < rows; r += 8, y += 32) {
    let fa = f32x4.splat(0), fb = f32x4.splat(0);
    for (let a = a0; a != end; w += Q4_K_BLOCK - 8 * Q4_K_PART) {
      const tail = w + 8 * Q4_K_PART;
      const da = wholeHalves(tail), db = wholeHalves(tail + 8);
      const ma = f32x4.neg(wholeHalves(tail + 16)), mb = f32x4.neg(wholeHalves(tail + 24));
      for (; w != tail; a += BYTES_BLOCK, w += Q4_K_PART) {
        const scales = v128.load64_zero(w + 128);
        const mins = v128.load8x8_u(w + 136);
        let s = dotNibbles(i16x8.splat(0), a, w, low);
        fa = scaled(s, pairsA(scales), f32x4.mul(v128.load32_splat(a, 52), da), fa);
        fa = madd(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(mins)), ma), v128.load32_splat(a, 56), fa);
        s = dotNibbles(i16x8.splat(0), a, w + 16, low);
        fb = scaled(s, pairsB(scales), f32x4.mul(v128.load32_splat(a, 52), db), fb);
        fb = madd(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(mins)), mb), v128.load32_splat(a, 56), fb);
      }
    }
    store8(y, fa, fb, rows - r);
  }
}

// Batches first unpack a group's nibbles to bytes, once for all tokens. A panel block, 32 weights of 8 rows:
//    0  u8 × 256: A, B for k = 4i … 4i+3, i = 0 … 7
//  256  f32 scale A, B · 288 f32 min A, B · 320 i16 pair scale A, B
const PANEL_PLAIN: usize = 288;
const PANEL_FULL: usize = 352;

@inline
function unpackNibbles(w: usize, p: usize, low: v128): void {
  for (let i: usize = 0; i < 128; i += 16) {
    const v = v128.load(w + i);
    v128.store(p + i, v128.and(v, low));
    v128.store(p + i, v128.and(i16x8.shr_u(v, 4), low), 128);
  }
}

function unpack_q4_0(w: usize, p: usize, blocks: i32): void {
  const low = v128.load(NIBBLE);
  for (; blocks > 0; blocks--, w += Q4_0_BLOCK, p += PANEL_PLAIN) {
    unpackNibbles(w, p, low);
    v128.store(p, halves(w + 128), 256);
    v128.store(p, halves(w + 136), 272);
  }
}

function unpack_q4_1(w: usize, p: usize, blocks: i32): void {
  const low = v128.load(NIBBLE), one = v128.load(ONE_I16);
  for (; blocks > 0; blocks--, w += Q4_1_BLOCK, p += PANEL_FULL) {
    unpackNibbles(w, p, low);
    for (let i: usize = 0; i < 4; i++) v128.store(p + 16 * i, halves(w + 128 + 8 * i), 256);
    v128.store(p, one, 320);
    v128.store(p, one, 336);
  }
}

function unpack_q4_k(w: usize, p: usize, blocks: i32): void {
  const low = v128.load(NIBBLE);
  for (; blocks > 0; blocks -= 8, w += Q4_K_BLOCK - 8 * Q4_K_PART) {
    const tail = w + 8 * Q4_K_PART;
    const ma = f32x4.neg(wholeHalves(tail + 16)), mb = f32x4.neg(wholeHalves(tail + 24));
    for (; w != tail; w += Q4_K_PART, p += PANEL_FULL) {
      unpackNibbles(w, p, low);
      const scales = v128.load64_zero(w + 128);
      const mins = v128.load8x8_u(w + 136);
      v128.store(p, wholeHalves(tail), 256);
      v128.store(p, wholeHalves(tail + 8), 272);
      v128.store(p, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(mins)), ma), 288);
      v128.store(p, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(mins)), mb), 304);
      v128.store(p, pairsA(scales), 320);
      v128.store(p, pairsB(scales), 336);
    }
  }
}

/**
 * Four token rows against one unpacked group. `full`: with mins and pair scales; else the plain -8 offset.
 * `at`: where in an activation block the scale lies that goes with the panel's, its sum 4 B on.
 */
@inline
function panelTile(
  full: bool, at: usize, panel: usize, blocks: i32, p0: usize, p1: usize, p2: usize, p3: usize,
  y: usize, stride: usize, count: i32, n: i32,
): void {
  const one = v128.load(ONE_I16);
  const size: usize = full ? PANEL_FULL : PANEL_PLAIN;
  let f0 = f32x4.splat(0), f1 = f0, f2 = f0, f3 = f0, f4 = f0, f5 = f0, f6 = f0, f7 = f0;
  for (const end = panel + <usize>blocks * size; panel != end;
       panel += size, p0 += BYTES_BLOCK, p1 += BYTES_BLOCK, p2 += BYTES_BLOCK, p3 += BYTES_BLOCK) {
    let a = full ? i16x8.splat(0) : v128.load32_splat(p0, 32), b = a;
    let c = full ? i16x8.splat(0) : v128.load32_splat(p1, 32), d = c;
    let e = full ? i16x8.splat(0) : v128.load32_splat(p2, 32), f = e;
    let g = full ? i16x8.splat(0) : v128.load32_splat(p3, 32), h = g;
    for (let i: usize = 0; i < 8; i++) { // rolled: unrolled it spills and runs a third slower
      const wa = v128.load(panel + 32 * i), wb = v128.load(panel + 32 * i, 16);
      let t = v128.load32_splat(p0 + 4 * i);
      a = i16x8.add(a, dot16(t, wa)); b = i16x8.add(b, dot16(t, wb));
      t = v128.load32_splat(p1 + 4 * i);
      c = i16x8.add(c, dot16(t, wa)); d = i16x8.add(d, dot16(t, wb));
      t = v128.load32_splat(p2 + 4 * i);
      e = i16x8.add(e, dot16(t, wa)); f = i16x8.add(f, dot16(t, wb));
      t = v128.load32_splat(p3 + 4 * i);
      g = i16x8.add(g, dot16(t, wa)); h = i16x8.add(h, dot16(t, wb));
    }
    const sa = v128.load(panel, 256), sb = v128.load(panel, 272);
    const qa = full ? v128.load(panel, 320) : one, qb = full ? v128.load(panel, 336) : one;
    let t = v128.load32_splat(p0 + at);
    f0 = scaled(a, qa, f32x4.mul(t, sa), f0); f1 = scaled(b, qb, f32x4.mul(t, sb), f1);
    t = v128.load32_splat(p1 + at);
    f2 = scaled(c, qa, f32x4.mul(t, sa), f2); f3 = scaled(d, qb, f32x4.mul(t, sb), f3);
    t = v128.load32_splat(p2 + at);
    f4 = scaled(e, qa, f32x4.mul(t, sa), f4); f5 = scaled(f, qb, f32x4.mul(t, sb), f5);
    t = v128.load32_splat(p3 + at);
    f6 = scaled(g, qa, f32x4.mul(t, sa), f6); f7 = scaled(h, qb, f32x4.mul(t, sb), f7);
    if (full) {
      const ma = v128.load(panel, 288), mb = v128.load(panel, 304);
      t = v128.load32_splat(p0 + at, 4);
      f0 = madd(ma, t, f0); f1 = madd(mb, t, f1);
      t = v128.load32_splat(p1 + at, 4);
      f2 = madd(ma, t, f2); f3 = madd(mb, t, f3);
      t = v128.load32_splat(p2 + at, 4);
      f4 = madd(ma, t, f4); f5 = madd(mb, t, f5);
      t = v128.load32_splat(p3 + at, 4);
      f6 = madd(ma, t, f6); f7 = madd(mb, t, f7);
    }
  }
  store8(y, f0, f1, n);
  if (count > 1) store8(y + stride, f2, f3, n);
  if (count > 2) store8(y + 2 * stride, f4, f5, n);
  if (count > 3) store8(y + 3 * stride, f6, f7, n);
}

function tile_q4_0(p: usize, n: i32, p0: usize, p1: usize, p2: usize, p3: usize, y: usize, stride: usize, c: i32, r: i32): void {
  panelTile(false, 44, p, n, p0, p1, p2, p3, y, stride, c, r);
}

function tile_q4_1(p: usize, n: i32, p0: usize, p1: usize, p2: usize, p3: usize, y: usize, stride: usize, c: i32, r: i32): void {
  panelTile(true, 44, p, n, p0, p1, p2, p3, y, stride, c, r);
}

function tile_q4_k(p: usize, n: i32, p0: usize, p1: usize, p2: usize, p3: usize, y: usize, stride: usize, c: i32, r: i32): void {
  panelTile(true, 52, p, n, p0, p1, p2, p3, y, stride, c, r);
}

@inline
function matmulQ4(
  kind: i32, w: usize, a0: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize,
): void {
  const blocks = cols >> 5;
  const groupBytes: usize = kind == 0 ? <usize>blocks * Q4_0_BLOCK
    : kind == 1 ? <usize>blocks * Q4_1_BLOCK : (<usize>blocks >> 3) * Q4_K_BLOCK;
  const aStride = <usize>blocks * BYTES_BLOCK, yStride = <usize>rows << 2;
  w += <usize>(first >> 3) * groupBytes;
  y += <usize>first << 2;
  rows = last - first;
  if (m == 1) {
    if (kind == 0) gemv_q4_0(w, a0, y, rows, cols);
    else if (kind == 1) gemv_q4_1(w, a0, y, rows, cols);
    else gemv_q4_k(w, a0, y, rows, cols);
    return;
  }
  for (let r = 0; r < rows; r += 8, w += groupBytes) {
    if (kind == 0) unpack_q4_0(w, panel, blocks);
    else if (kind == 1) unpack_q4_1(w, panel, blocks);
    else unpack_q4_k(w, panel, blocks);
    for (let i = 0; i < m; i += 4) {
      const count = min(m - i, 4); // missing rows repeat the last one and are not stored
      const p0 = a0 + <usize>i * aStride;
      const p1 = count > 1 ? p0 + aStride : p0, p2 = count > 2 ? p1 + aStride : p1, p3 = count > 3 ? p2 + aStride : p2;
      const at = y + <usize>i * yStride + (<usize>r << 2);
      if (kind == 0) tile_q4_0(panel, blocks, p0, p1, p2, p3, at, yStride, count, rows - r);
      else if (kind == 1) tile_q4_1(panel, blocks, p0, p1, p2, p3, at, yStride, count, rows - r);
      else tile_q4_k(panel, blocks, p0, p1, p2, p3, at, yStride, count, rows - r);
    }
  }
}

/**
 * y (m, rows) = activations (m, cols) in the bytes form · packed weights, for rows first … last-1 of the weights:
 * `first` is a multiple of 8, `last` too or `rows`. `panel`: 352 B for each 32 of cols.
 */
export function matmul_q4_0(
  w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize,
): void {
  matmulQ4(0, w, a, y, rows, cols, m, first, last, panel);
}
export function matmul_q4_1(
  w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize,
): void {
  matmulQ4(1, w, a, y, rows, cols, m, first, last, panel);
}
export function matmul_q4_k(
  w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize,
): void {
  matmulQ4(2, w, a, y, rows, cols, m, first, last, panel);
}
