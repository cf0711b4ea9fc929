// f32, f16 and bf16 weights against f32 activations. A group is 8 rows; for each column, 8 numbers, row 0 first.
import { half, halves, madd, store8 } from './lanes';

const F32 = 0;
const F16 = 1;
const BF16 = 2;

@inline
function bytes(kind: i32): usize {
  return kind == F32 ? 4 : 2;
}

// f16 comes as w · 2^-112; meeting x · 2^100 keeps the products clear of both ends of f32's range.
const X_SCALE: f32 = 1267650600228229401496703205376.0; // 2^100
const SUM_SCALE: f32 = 4096.0; // 2^112 / 2^100

@inline
function four(kind: i32, p: usize): v128 {
  if (kind == F32) return v128.load(p);
  if (kind == F16) return halves(p);
  return i32x4.shl(v128.load16x4_u(p), 16);
}

@inline
function factor(kind: i32, x: v128): v128 {
  return kind == F16 ? f32x4.mul(x, f32x4.splat(X_SCALE)) : x;
}

@inline
function whole(kind: i32, sum: v128): v128 {
  return kind == F16 ? f32x4.mul(sum, f32x4.splat(SUM_SCALE)) : sum;
}

@inline
function tile(
  kind: i32, w: usize, cols: i32, p0: usize, p1: usize, p2: usize, p3: usize,
  y: usize, stride: usize, count: i32, n: i32,
): void {
  let f0 = f32x4.splat(0), f1 = f0, f2 = f0, f3 = f0, f4 = f0, f5 = f0, f6 = f0, f7 = f0;
  for (const end = p0 + (<usize>cols << 2); p0 != end; p0 += 4, p1 += 4, p2 += 4, p3 += 4, w += 8 * bytes(kind)) {
    const a = four(kind, w), b = four(kind, w + 4 * bytes(kind));
    let t = factor(kind, v128.load32_splat(p0));
    f0 = madd(a, t, f0); f1 = madd(b, t, f1);
    t = factor(kind, v128.load32_splat(p1));
    f2 = madd(a, t, f2); f3 = madd(b, t, f3);
    t = factor(kind, v128.load32_splat(p2));
    f4 = madd(a, t, f4); f5 = madd(b, t, f5);
    t = factor(kind, v128.load32_splat(p3));
    f6 = madd(a, t, f6); f7 = madd(b, t, f7);
  }
  store8(y, whole(kind, f0), whole(kind, f1), n);
  if (count > 1) store8(y + stride, whole(kind, f2), whole(kind, f3), n);
  if (count > 2) store8(y + 2 * stride, whole(kind, f4), whole(kind, f5), n);
  if (count > 3) store8(y + 3 * stride, whole(kind, f6), whole(kind, f7), n);
}

/** One token row against two groups: four chains of additions hide the adder's latency. */
@inline
function gemv(kind: i32, w: usize, x: usize, y: usize, rows: i32, cols: i32): void {
  const group = <usize>cols * 8 * bytes(kind);
  for (let r = 0; r < rows; r += 16, w += 2 * group, y += 64) {
    let f0 = f32x4.splat(0), f1 = f0, f2 = f0, f3 = f0;
    const far = rows - r > 8 ? group : 0;
    let at = w;
    for (let p = x, end = x + (<usize>cols << 2); p != end; p += 4, at += 8 * bytes(kind)) {
      const t = factor(kind, v128.load32_splat(p));
      f0 = madd(four(kind, at), t, f0);
      f1 = madd(four(kind, at + 4 * bytes(kind)), t, f1);
      f2 = madd(four(kind, at + far), t, f2);
      f3 = madd(four(kind, at + far + 4 * bytes(kind)), t, f3);
    }
    store8(y, whole(kind, f0), whole(kind, f1), rows - r);
    if (far) store8(y + 32, whole(kind, f2), whole(kind, f3), rows - r - 8);
  }
}

@inline
function matmul(
  kind: i32, w: usize, x: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32,
): void {
  const xStride = <usize>cols << 2, yStride = <usize>rows << 2;
  w += <usize>first * <usize>cols * bytes(kind);
  y += <usize>first << 2;
  rows = last - first;
  if (m == 1) return gemv(kind, w, x, y, rows, cols);
  for (let r = 0; r < rows; r += 8, w += <usize>cols * 8 * bytes(kind)) {
    for (let i = 0; i < m; i += 4) {
      const count = min(m - i, 4); // missing rows repeat the last one and are not stored
      const p0 = x + <usize>i * xStride;
      const p1 = count > 1 ? p0 + xStride : p0, p2 = count > 2 ? p1 + xStride : p1, p3 = count > 3 ? p2 + xStride : p2;
      tile(kind, w, cols, p0, p1, p2, p3, y + <usize>i * yStride + (<usize>r << 2), yStride, count, rows - r);
    }
  }
}

/**
 * y (m, rows) = x (m, cols) f32 · packed weights, for rows first … last-1 of the weights: `first` is a multiple of 8,
 * `last` too or `rows`.
 */
export function matmul_f32(
  w: usize, x: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32,
): void {
  matmul(F32, w, x, y, rows, cols, m, first, last);
}
export function matmul_f16(
  w: usize, x: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32,
): void {
  matmul(F16, w, x, y, rows, cols, m, first, last);
}
export function matmul_bf16(
  w: usize, x: usize, y: usize, rows: i32, cols: i32, m: i32, first: i32, last: i32,
): void {
  matmul(BF16, w, x, y, rows, cols, m, first, last);
}

export function pack_f32(src: usize, dst: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < cols; k++, src += 4) store<u32>(dst + (<usize>(8 * k + r) << 2), load<u32>(src));
}
/** f16 and bf16 alike: two bytes are two bytes. */
export function pack_f16(src: usize, dst: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < cols; k++, src += 2) store<u16>(dst + (<usize>(8 * k + r) << 1), load<u16>(src));
}

/** Row `r` of a packed matrix as floats. */
export function row_f32(w: usize, r: i32, cols: i32, out: usize): void {
  w += (<usize>(r >> 3) * <usize>cols * 8 + (r & 7)) << 2;
  for (let k = 0; k < cols; k++, w += 32, out += 4) store<f32>(out, load<f32>(w));
}
export function row_f16(w: usize, r: i32, cols: i32, out: usize): void {
  w += (<usize>(r >> 3) * <usize>cols * 8 + (r & 7)) << 1;
  for (let k = 0; k < cols; k++, w += 16, out += 4) store<f32>(out, half(w));
}
export function row_bf16(w: usize, r: i32, cols: i32, out: usize): void {
  w += (<usize>(r >> 3) * <usize>cols * 8 + (r & 7)) << 1;
  for (let k = 0; k < cols; k++, w += 16, out += 4) store<u32>(out, <u32>load<u16>(w) << 16);
}
