// Activations rounded to int8 in blocks of 32, laid out for kernels that take L tokens side by side: one, or four.
// Bytes, for 4- and 6-bit weights; K = 32 weights to a scale, or 16:
//    0            i8 × 4 × L, K / 4 times: weights 4i … 4i+3 of each token
//    K · L        i16 pair × L: `offset` · the sums that an i16 accumulator's lanes collect (k mod 4 in {0,1}, {2,3}),
//                 where weights are stored with an offset that makes them unsigned
//    (K + 4) · L  f32 × L: scale
//    (K + 8) · L  f32 × L: scale · sum
// Words, for 8-bit weights:
//    0            i16 × 2 × L, 16 times: weights 2i, 2i+1 of each token
//    64 · L       f32 × L: scale
//    68 · L       f32 × L: scale · sum
// Scales are times 2^112 where weights come without theirs; see `halves` in lanes.ts.
import { HALF_SCALE, maxLane } from './lanes';

export const BYTES_32: usize = 44; // a block's size for one token
export const BYTES_16: usize = 28;
export const WORDS: usize = 72;

/** Up to so many tokens go one after the other, more of them by four. */
export const FEW: i32 = 2;

/** 16 floats · inverse to the nearest i8, ties to even. */
@inline
function round16(x: usize, inverse: v128): v128 {
  const a = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse)));
  const b = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x, 16), inverse)));
  const c = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x, 32), inverse)));
  const d = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x, 48), inverse)));
  return i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

/** max|x| / 127 over 32 floats. Source: ggml's Q8_0 */
@inline
function scaleOf(x: usize): f32 {
  let peak = f32x4.abs(v128.load(x));
  for (let i: usize = 16; i < 128; i += 16) peak = f32x4.pmax(peak, f32x4.abs(v128.load(x + i)));
  return maxLane(peak) / 127;
}

/** For 16 i8: i16 sums in lanes 0 (k mod 4 in {0,1}) and 1 ({2,3}). */
@inline
function laneSums(v: v128): v128 {
  let s = i16x8.extadd_pairwise_i8x16_s(v);
  s = i16x8.add(s, v128.shuffle<i32>(s, s, 2, 3, 0, 1));
  return i16x8.add(s, v128.shuffle<i32>(s, s, 1, 0, 3, 2));
}

/** Stores the four 32-bit lanes `step` bytes apart. */
@inline
function scatter(v: v128, out: usize, step: usize): void {
  v128.store32_lane(out, v, 0);
  v128.store32_lane(out + step, v, 1);
  v128.store32_lane(out + 2 * step, v, 2);
  v128.store32_lane(out + 3 * step, v, 3);
}

@inline
function storeScales(sums: v128, scale: f32, out: usize, step: usize): void {
  store<f32>(out, scale);
  store<f32>(out + step, scale * <f32>(i16x8.extract_lane_s(sums, 0) + i16x8.extract_lane_s(sums, 1)));
}

@inline
function block(kind: i32, offset: i16, factor: f32, x: usize, out: usize, step: usize): void {
  const scale = scaleOf(x);
  const inverse = f32x4.splat(scale != 0 ? 1 / scale : 0);
  const lo = round16(x, inverse), hi = round16(x + 64, inverse);
  const loSums = laneSums(lo), hiSums = laneSums(hi), sums = i16x8.add(loSums, hiSums);
  if (kind == 32) {
    scatter(lo, out, step);
    scatter(hi, out + 4 * step, step);
    v128.store32_lane(out + 8 * step, i16x8.mul(sums, i16x8.splat(offset)), 0);
    storeScales(sums, scale * factor, out + 9 * step, step);
  } else if (kind == 16) {
    scatter(lo, out, step);
    v128.store32_lane(out + 4 * step, i16x8.mul(loSums, i16x8.splat(offset)), 0);
    storeScales(loSums, scale * factor, out + 5 * step, step);
    scatter(hi, out + 7 * step, step);
    v128.store32_lane(out + 11 * step, i16x8.mul(hiSums, i16x8.splat(offset)), 0);
    storeScales(hiSums, scale * factor, out + 12 * step, step);
  } else {
    scatter(i16x8.extend_low_i8x16_s(lo), out, step);
    scatter(i16x8.extend_high_i8x16_s(lo), out + 4 * step, step);
    scatter(i16x8.extend_low_i8x16_s(hi), out + 8 * step, step);
    scatter(i16x8.extend_high_i8x16_s(hi), out + 12 * step, step);
    storeScales(sums, scale * factor, out + 16 * step, step);
  }
}

/**
 * m rows of `cols` floats (a multiple of 32): tokens first … last-1 of them, multiples of 4 or `last` is m. The last
 * four tokens repeat the last one where it has no company.
 */
@inline
function quantise(
  kind: i32, offset: i16, factor: f32, x: usize, out: usize, cols: i32, m: i32, first: i32, last: i32,
): void {
  const size = kind == 32 ? BYTES_32 : kind == 16 ? 2 * BYTES_16 : WORDS;
  const lanes = m <= FEW ? 1 : 4, step = <usize>lanes << 2;
  const stride = <usize>cols << 2, tokens = (last + lanes - 1) & -lanes;
  for (let i = first; i < tokens; i++) {
    let from = x + <usize>min(i, m - 1) * stride;
    let to = out + <usize>(i & -lanes) * (<usize>cols >> 5) * size + (<usize>(i & (lanes - 1)) << 2);
    for (const end = from + stride; from != end; from += 128, to += <usize>lanes * size) {
      block(kind, offset, factor, from, to, step);
    }
  }
}

export function quantise_q4_0(x: usize, out: usize, cols: i32, m: i32, first: i32, last: i32): void {
  quantise(32, -8, HALF_SCALE, x, out, cols, m, first, last);
}
export function quantise_q4_1(x: usize, out: usize, cols: i32, m: i32, first: i32, last: i32): void {
  quantise(32, 0, HALF_SCALE, x, out, cols, m, first, last);
}
export function quantise_q4_k(x: usize, out: usize, cols: i32, m: i32, first: i32, last: i32): void {
  quantise(32, 0, 1, x, out, cols, m, first, last);
}
export function quantise_q6_k(x: usize, out: usize, cols: i32, m: i32, first: i32, last: i32): void {
  quantise(16, -32, 1, x, out, cols, m, first, last);
}
export function quantise_q8_0(x: usize, out: usize, cols: i32, m: i32, first: i32, last: i32): void {
  quantise(8, 0, HALF_SCALE, x, out, cols, m, first, last);
}
export function quantise_q8_1(x: usize, out: usize, cols: i32, m: i32, first: i32, last: i32): void {
  quantise(8, 0, 1, x, out, cols, m, first, last);
}
