// Lane arithmetic shared by the kernels. Constants live in memory: V8 rebuilds v128 literals inside loops.

export const NIBBLE: usize = memory.data<u32>([0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f], 16);
export const BITS_0_5: usize = memory.data<u32>([0x3f3f3f3f, 0x3f3f3f3f, 0x3f3f3f3f, 0x3f3f3f3f], 16);
export const BITS_4_5: usize = memory.data<u32>([0x30303030, 0x30303030, 0x30303030, 0x30303030], 16);
export const BITS_2_3: usize = memory.data<u32>([0x0c0c0c0c, 0x0c0c0c0c, 0x0c0c0c0c, 0x0c0c0c0c], 16);
export const BITS_0_1: usize = memory.data<u32>([0x03030303, 0x03030303, 0x03030303, 0x03030303], 16);
export const ONE_I16: usize = memory.data<u16>([1, 1, 1, 1, 1, 1, 1, 1], 16);
const LOW_BYTE: usize = memory.data<u16>([255, 255, 255, 255, 255, 255, 255, 255], 16);
const HALF_BITS: usize = memory.data<u32>([0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000], 16);

export const LOG2E: f32 = 1.44269504;

/** What `halves` leaves out of its result: 2^112, the distance between the exponent biases of f16 and f32. */
export const HALF_SCALE: f32 = 5192296858534827628530496329220096.0;

/** Four f16 at `p` as f32 · 2^-112. Right for subnormals too; infinities and NaN become large numbers. */
@inline
export function halves(p: usize): v128 {
  return toFloats(v128.load16x4_s(p));
}

/** The four after those, by a constant offset: V8 then sees that they are neighbours. */
@inline
export function nextHalves(p: usize): v128 {
  return toFloats(v128.load16x4_s(p, 8));
}

@inline
function toFloats(halves: v128): v128 {
  return v128.and(i32x4.shl(halves, 13), v128.load(HALF_BITS));
}

/**
 * Four f16 at `p` as they are. K-quants' block scales are often subnormal halves, which `halves` would turn into
 * subnormal floats, and arithmetic on those is some five times slower.
 */
@inline
export function wholeHalves(p: usize): v128 {
  const h = v128.load16x4_s(p);
  const size = v128.and(h, i32x4.splat(0x7fff));
  const normal = i32x4.add(i32x4.shl(size, 13), i32x4.splat(112 << 23));
  const subnormal = f32x4.mul(f32x4.convert_i32x4_s(size), f32x4.splat(1.0 / 16777216.0));
  const positive = v128.bitselect(subnormal, normal, i32x4.lt_s(size, i32x4.splat(1024)));
  return v128.or(positive, v128.and(h, i32x4.splat(0x80000000)));
}

/** a · b + c. Fused where the machine fuses. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Sums of neighbouring products as i16. Shapes: a i8 × 16 · w u8 × 16, each at most 127. The pair sums fit i16. */
@inline
export function dot16(a: v128, w: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.relaxed_dot_i8x16_i7x16_s(a, w);
  const even = i16x8.mul(i16x8.shr_s(i16x8.shl(a, 8), 8), v128.and(w, v128.load(LOW_BYTE)));
  return i16x8.add(even, i16x8.mul(i16x8.shr_s(a, 8), i16x8.shr_u(w, 8)));
}

/** Four f32 to f16 in the low half of each lane, to nearest even; beyond the range, the largest f16. */
@inline
export function toHalves(x: v128): v128 {
  const bits = f32x4.pmin(f32x4.abs(x), f32x4.splat(65504));
  const sign = i32x4.shr_u(v128.andnot(x, i32x4.splat(0x7fffffff)), 16);
  const odd = v128.and(i32x4.shr_u(bits, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(bits, i32x4.splat(0xfff - (112 << 23))), odd), 13);
  const magic = f32x4.splat(0.5);
  const subnormal = i32x4.sub(f32x4.add(bits, magic), magic);
  return v128.or(sign, v128.bitselect(subnormal, normal, i32x4.lt_u(bits, i32x4.splat(113 << 23))));
}

@inline
export function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

@inline
export function maxLane(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

// What exp2 needs, each four times: its floor, 1.5 · 2^23, and a minimax polynomial of 2^r on ±1/2.
const EXP2: usize = memory.data<f32>([
  -125, -125, -125, -125, 12582912, 12582912, 12582912, 12582912,
  0.0013276472, 0.0013276472, 0.0013276472, 0.0013276472, 0.009675541, 0.009675541, 0.009675541, 0.009675541,
  0.055507133, 0.055507133, 0.055507133, 0.055507133, 0.2402212, 0.2402212, 0.2402212, 0.2402212,
  0.69314694, 0.69314694, 0.69314694, 0.69314694, 1, 1, 1, 1,
], 16);

/** 2^x for x < 128, relative error about 2e-7; never less than 2^-125. */
@inline
export function exp2(x: v128): v128 {
  const y = f32x4.max(x, v128.load(EXP2)), round = v128.load(EXP2, 16);
  const shifted = f32x4.add(y, round); // its low bits are y to the nearest integer
  const r = f32x4.sub(y, f32x4.sub(shifted, round));
  let p = madd(v128.load(EXP2, 32), r, v128.load(EXP2, 48));
  p = madd(p, r, v128.load(EXP2, 64));
  p = madd(p, r, v128.load(EXP2, 80));
  p = madd(p, r, v128.load(EXP2, 96));
  p = madd(p, r, v128.load(EXP2, 112));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** Stores the first `n` of eight numbers: the last rows of a matrix may not fill a group. */
@inline
export function store8(y: usize, lo: v128, hi: v128, n: i32): void {
  if (n >= 8) {
    v128.store(y, lo);
    v128.store(y, hi, 16);
  } else {
    storeSome(y, lo, hi, n);
  }
}

function storeSome(y: usize, v: v128, hi: v128, n: i32): void {
  if (n & 4) {
    v128.store(y, v);
    v = hi;
    y += 16;
  }
  if (n & 2) {
    v128.store64_lane(y, v, 0);
    v = v128.shuffle<i64>(v, v, 1, 0);
    y += 8;
  }
  if (n & 1) v128.store32_lane(y, v, 0);
}

/** The lane of row `r` in a vector pair A, B. */
@inline
export function laneOffset(r: i32): usize {
  return <usize>(((r >> 2) << 4) + ((r & 3) << 2));
}

/** One f16 as f32. */
@inline
export function half(p: usize): f32 {
  return reinterpret<f32>((<u32>load<i16>(p) << 13) & 0x8fffe000) * HALF_SCALE;
}
