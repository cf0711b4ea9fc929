// Activations rounded to int8 in blocks of 32, in the two forms the matrix kernels want.
//
// bytes form, 60 B a block, for 4- and 6-bit weights:
//    0  i8 × 32
//   32  i16 pair: -8 · sums of the lanes an i16 accumulator collects (k mod 4 in {0,1}, {2,3}); all 32
//   36  i16 pair: -32 · the same sums, first 16
//   40  i16 pair: -32 · the same sums, last 16
//   44  f32 scale · 2^112      (weights' f16 scales come without their 2^112, see lanes.ts)
//   48  f32 scale · sum · 2^112
//   52  f32 scale, 56 f32 scale · sum
// words form, 80 B a block, for 8-bit weights:
//    0  i16 × 32
//   64  f32 scale, 68 f32 scale · sum, 72 f32 scale · 2^112
import { HALF_SCALE, maxLane } from './lanes';

export const BYTES_BLOCK: usize = 60;
export const WORDS_BLOCK: usize = 80;

/** Rounds 32 floats at `x` to int8 at `out`, to nearest even. Returns the scale, max|x| / 127. Source: ggml's Q8_0. */
@inline
function quantise32(x: usize, out: usize): f32 {
  let peak = f32x4.abs(v128.load(x));
  for (let i: usize = 16; i < 128; i += 16) peak = f32x4.pmax(peak, f32x4.abs(v128.load(x + i)));
  const scale = maxLane(peak) / 127;
  const inverse = f32x4.splat(scale != 0 ? 1 / scale : 0);
  for (let i: usize = 0; i < 2; i++) {
    const p = x + 64 * i;
    const a = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(p), inverse)));
    const b = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(p, 16), inverse)));
    const c = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(p, 32), inverse)));
    const d = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(p, 48), inverse)));
    v128.store(out + 16 * i, i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
  }
  return scale;
}

/** For 16 i8: i16 sums in lanes 0 (k mod 4 in {0,1}) and 1 ({2,3}). */
@inline
function laneSums(p: usize): v128 {
  let s = i16x8.extadd_pairwise_i8x16_s(v128.load(p));
  s = i16x8.add(s, v128.shuffle<i32>(s, s, 2, 3, 0, 1));
  return i16x8.add(s, v128.shuffle<i32>(s, s, 1, 0, 3, 2));
}

@inline
function total(pair: v128): f32 {
  return <f32>(i16x8.extract_lane_s(pair, 0) + i16x8.extract_lane_s(pair, 1));
}

/** `n` floats (a multiple of 32) at `x` to the bytes form at `out`. */
export function quantise_bytes(x: usize, out: usize, n: i32): void {
  for (const end = x + (<usize>n << 2); x != end; x += 128, out += BYTES_BLOCK) {
    const scale = quantise32(x, out);
    const lo = laneSums(out);
    const hi = laneSums(out + 16);
    const all = i16x8.add(lo, hi);
    v128.store32_lane(out, i16x8.mul(all, i16x8.splat(-8)), 0, 32);
    v128.store32_lane(out, i16x8.mul(lo, i16x8.splat(-32)), 0, 36);
    v128.store32_lane(out, i16x8.mul(hi, i16x8.splat(-32)), 0, 40);
    store<f32>(out, scale * HALF_SCALE, 44);
    store<f32>(out, scale * total(all) * HALF_SCALE, 48);
    store<f32>(out, scale, 52);
    store<f32>(out, scale * total(all), 56);
  }
}

/** `n` floats (a multiple of 32) at `x` to the words form at `out`. */
export function quantise_words(x: usize, out: usize, n: i32): void {
  for (const end = x + (<usize>n << 2); x != end; x += 128, out += WORDS_BLOCK) {
    const bytes = out + 48; // widened from here to the front: none is overwritten before it is read
    const scale = quantise32(x, bytes);
    const all = i16x8.add(laneSums(bytes), laneSums(bytes + 16));
    for (let i: usize = 0; i < 4; i++) v128.store(out + 16 * i, v128.load8x8_s(bytes + 8 * i));
    store<f32>(out, scale, 64);
    store<f32>(out, scale * total(all), 68);
    store<f32>(out, scale * HALF_SCALE, 72);
  }
}
