// q6_k weights. A group is 8 rows; for each 16 weights of a row it holds
//    0  vectors A0 B0 A1 B1 A2 B2 (A: rows 0-3, B: rows 4-7; 32-bit lane = row): byte b of vector i is weight 4i+b, and
//       in its top two bits a part of weight 12+b: bits 4-5 in vector 0, bits 2-3 in vector 1, bits 0-1 in vector 2
//   96  i8 scale × 8 rows
// and after 16 such parts the 8 rows' f16 d: 1680 B for 256 weights.
import { BYTES_16, FEW } from './activations';
import { BITS_0_1, BITS_0_5, BITS_2_3, BITS_4_5, dot16, store8, wholeHalves } from './lanes';
import { pairsA, pairsB, scaled, tile } from './panel';

export const Q6_K_PART: usize = 104;
export const Q6_K_BLOCK: usize = 16 * Q6_K_PART + 16;

/** The fourth vector, from what the other three carry for it. */
@inline
function fourth(u: v128, v: v128, w: v128): v128 {
  const top = v128.and(i16x8.shr_u(u, 2), v128.load(BITS_4_5));
  const middle = v128.and(i16x8.shr_u(v, 4), v128.load(BITS_2_3));
  return v128.or(v128.or(top, middle), v128.and(i16x8.shr_u(w, 6), v128.load(BITS_0_1)));
}

/** One token against one group. */
function gemv(w: usize, a: usize, end: usize, y: usize, n: i32): void {
  const low = v128.load(BITS_0_5);
  let fa = f32x4.splat(0), fb = f32x4.splat(0);
  for (; a != end; w += 16) {
    const tail = w + 16 * Q6_K_PART;
    const da = wholeHalves(tail), db = wholeHalves(tail + 8);
    for (; w != tail; a += BYTES_16, w += Q6_K_PART) {
      const t0 = v128.load32_splat(a), t1 = v128.load32_splat(a, 4), t2 = v128.load32_splat(a, 8), t3 = v128.load32_splat(a, 12);
      const scale = v128.load32_splat(a, 20), scales = v128.load8x8_s(w, 96);
      let s = v128.load32_splat(a, 16);
      let u = v128.load(w), v = v128.load(w, 32), x = v128.load(w, 64);
      s = i16x8.add(i16x8.add(s, dot16(t0, v128.and(u, low))), dot16(t1, v128.and(v, low)));
      s = i16x8.add(i16x8.add(s, dot16(t2, v128.and(x, low))), dot16(t3, fourth(u, v, x)));
      fa = scaled(s, pairsA(scales), f32x4.mul(scale, da), fa);
      s = v128.load32_splat(a, 16);
      u = v128.load(w, 16), v = v128.load(w, 48), x = v128.load(w, 80);
      s = i16x8.add(i16x8.add(s, dot16(t0, v128.and(u, low))), dot16(t1, v128.and(v, low)));
      s = i16x8.add(i16x8.add(s, dot16(t2, v128.and(x, low))), dot16(t3, fourth(u, v, x)));
      fb = scaled(s, pairsB(scales), f32x4.mul(scale, db), fb);
    }
  }
  store8(y, fa, fb, n);
}

/** Panel (see panel.ts): 192 B for 16 columns. Returns where it ends. */
function unpack(w: usize, p: usize, blocks: i32): usize {
  const low = v128.load(BITS_0_5);
  for (; blocks > 0; blocks -= 8, w += 16) {
    const tail = w + 16 * Q6_K_PART;
    for (; w != tail; w += Q6_K_PART, p += 192) {
      for (let i: usize = 0; i < 96; i += 16) v128.store(p + i, v128.and(v128.load(w + i), low));
      v128.store(p, fourth(v128.load(w), v128.load(w, 32), v128.load(w, 64)), 96);
      v128.store(p, fourth(v128.load(w, 16), v128.load(w, 48), v128.load(w, 80)), 112);
      const scales = v128.load8x8_s(w, 96);
      v128.store(p, wholeHalves(tail), 128);
      v128.store(p, wholeHalves(tail + 8), 144);
      v128.store(p, pairsA(scales), 160);
      v128.store(p, pairsB(scales), 176);
    }
  }
  return p;
}

function tile_q6_k(p: usize, end: usize, q: usize, y: usize, stride: usize, tokens: i32, rows: i32): void {
  tile(16, true, false, p, end, q, y, stride, tokens, rows);
}

/** y (m, rows) = activations (m, cols), from quantise_q6_k · packed weights, for rows first … last-1. */
export function matmul_q6_k(w: usize, a: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32, panel: usize): void {
  const blocks = cols >> 5;
  const token = <usize>blocks * 2 * BYTES_16, stride = <usize>rows << 2, group = (<usize>blocks >> 3) * Q6_K_BLOCK;
  w += <usize>(first >> 3) * group;
  y += <usize>first << 2;
  for (let r = first; r < last; r += 8, w += group, y += 32) {
    let at = y, from = a;
    if (m <= FEW) {
      for (let i = 0; i < m; i++, at += stride, from += token) gemv(w, from, from + token, at, last - r);
      continue;
    }
    const end = unpack(w, panel, blocks);
    for (let i = 0; i < m; i += 4, at += 4 * stride, from += 4 * token) {
      tile_q6_k(panel, end, from, at, stride, m - i, last - r);
    }
  }
}
