// Attention over a cache of f16 or q8 keys and values. A head's cache is (capacity, row):
//   f16   headDim × 2 B
//   q8    headDim × i8, then an f32 scale
// Keys are taken 32 at a time, widened once, and met by every query that shares them; sums are rescaled as the
// largest score grows (Milakov & Gimelshein 2018, arXiv:1805.02867), so no T × T table exists.
import { exp, halves, HALF_SCALE, madd, maxLane, sumLanes, toHalves } from './lanes';

const TILE: i32 = 32;

/** Scratch `attention` needs: two tiles, two score rows, and a (max, sum) pair a query. */
export function attention_scratch(m: i32, group: i32, headDim: i32): usize {
  return <usize>(2 * TILE * headDim * 4 + 2 * TILE * 4 + m * group * 8);
}

export function kv_row_bytes(q8: i32, headDim: i32): usize {
  return <usize>(q8 ? headDim + 4 : headDim * 2);
}

/** m rows of x (m, kvHeads, headDim) into one layer's cache at positions pos …; headDim is a multiple of 8. */
export function kv_write(q8: i32, x: usize, cache: usize, m: i32, pos: i32, kvHeads: i32, headDim: i32, capacity: i32): void {
  const row = kv_row_bytes(q8, headDim);
  for (let i = pos; i < pos + m; i++) {
    for (let head = 0; head < kvHeads; head++, x += <usize>headDim << 2) {
      narrow(q8, x, cache + (<usize>head * <usize>capacity + i) * row, headDim);
    }
  }
}

/** One row of headDim floats as a cache row. */
@inline
function narrow(q8: i32, x: usize, out: usize, headDim: i32): void {
  const end = x + (<usize>headDim << 2);
  if (!q8) {
    for (; x != end; x += 32, out += 16) {
      v128.store(out, i16x8.narrow_i32x4_u(toHalves(v128.load(x)), toHalves(v128.load(x, 16))));
    }
    return;
  }
  let peak = f32x4.splat(0);
  for (let p = x; p != end; p += 16) peak = f32x4.pmax(peak, f32x4.abs(v128.load(p)));
  const scale = maxLane(peak) / 127;
  const inverse = f32x4.splat(scale != 0 ? 1 / scale : 0);
  for (; x != end; x += 32, out += 8) {
    const a = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse)));
    const b = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x, 16), inverse)));
    const words = i16x8.narrow_i32x4_s(a, b);
    v128.store64_lane(out, i8x16.narrow_i16x8_s(words, words), 0);
  }
  store<f32>(out, scale);
}

/** Widens `n` cache rows to floats. */
@inline
function widen(q8: i32, from: usize, out: usize, n: i32, headDim: i32): void {
  const bytes = <usize>headDim << 2;
  for (; n > 0; n--) {
    const end = out + bytes;
    if (q8) {
      const scale = v128.load32_splat(from + headDim);
      for (; out != end; out += 32, from += 8) {
        const words = v128.load8x8_s(from);
        v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(words)), scale));
        v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(words)), scale), 16);
      }
      from += 4;
    } else {
      const scale = f32x4.splat(HALF_SCALE);
      for (; out != end; out += 32, from += 16) {
        v128.store(out, f32x4.mul(halves(from), scale));
        v128.store(out, f32x4.mul(halves(from + 8), scale), 16);
      }
    }
  }
}

/** Lane sums of four vectors, as one. */
@inline
function sum4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7));
}

/** Scores of two queries against four keys at a time; the caller masks what lies past `n`. */
@inline
function score(q: usize, r: usize, keys: usize, scores: usize, n: i32, bytes: usize, scale: v128): void {
  for (let t = 0; t < n; t += 4, keys += 4 * bytes) {
    let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    const k1 = keys + bytes, k2 = k1 + bytes, k3 = k2 + bytes;
    for (let i: usize = 0; i < bytes; i += 16) {
      const u = v128.load(q + i), v = v128.load(r + i);
      let k = v128.load(keys + i);
      a = madd(u, k, a);
      e = madd(v, k, e);
      k = v128.load(k1 + i);
      b = madd(u, k, b);
      f = madd(v, k, f);
      k = v128.load(k2 + i);
      c = madd(u, k, c);
      g = madd(v, k, g);
      k = v128.load(k3 + i);
      d = madd(u, k, d);
      h = madd(v, k, h);
    }
    const at = scores + (<usize>t << 2);
    v128.store(at, f32x4.mul(sum4(a, b, c, d), scale));
    v128.store(at, f32x4.mul(sum4(e, f, g, h), scale), TILE * 4);
  }
}

/** Turns `seen` scores into weights and returns what the sum so far must shrink by. `state`: (max, sum). */
@inline
function soften(scores: usize, seen: i32, state: usize): v128 {
  const padded = (seen + 3) & ~3;
  for (let t = seen; t < padded; t++) store<f32>(scores + (<usize>t << 2), -Infinity);
  let peak = v128.load(scores);
  for (let t = 4; t < padded; t += 4) peak = f32x4.pmax(peak, v128.load(scores + (<usize>t << 2)));
  const before = load<f32>(state);
  const now = max(before, maxLane(peak));
  let sum = f32x4.splat(0);
  for (let t = 0; t < padded; t += 4) {
    const p = exp(f32x4.sub(v128.load(scores + (<usize>t << 2)), f32x4.splat(now)));
    v128.store(scores + (<usize>t << 2), p);
    sum = f32x4.add(sum, p);
  }
  const shrink = exp(f32x4.splat(before - now));
  store<f32>(state, now);
  store<f32>(state, load<f32>(state, 4) * f32x4.extract_lane(shrink, 0) + sumLanes(sum), 4);
  return shrink;
}

/** For two queries: out = out · shrink + Σ p[t] · values[t] */
@inline
function gather(p: usize, values: usize, out: usize, out2: usize, n: i32, bytes: usize, shrink: v128, shrink2: v128): void {
  let i: usize = 0;
  for (; i + 64 <= bytes; i += 64) {
    let a = f32x4.mul(v128.load(out + i), shrink), b = f32x4.mul(v128.load(out + i, 16), shrink);
    let c = f32x4.mul(v128.load(out + i, 32), shrink), d = f32x4.mul(v128.load(out + i, 48), shrink);
    let e = f32x4.mul(v128.load(out2 + i), shrink2), f = f32x4.mul(v128.load(out2 + i, 16), shrink2);
    let g = f32x4.mul(v128.load(out2 + i, 32), shrink2), h = f32x4.mul(v128.load(out2 + i, 48), shrink2);
    for (let t = 0, at = values + i, w = p; t < n; t++, at += bytes, w += 4) {
      const u = v128.load32_splat(w), v = v128.load32_splat(w, TILE * 4);
      let x = v128.load(at);
      a = madd(u, x, a);
      e = madd(v, x, e);
      x = v128.load(at, 16);
      b = madd(u, x, b);
      f = madd(v, x, f);
      x = v128.load(at, 32);
      c = madd(u, x, c);
      g = madd(v, x, g);
      x = v128.load(at, 48);
      d = madd(u, x, d);
      h = madd(v, x, h);
    }
    v128.store(out + i, a);
    v128.store(out + i, b, 16);
    v128.store(out + i, c, 32);
    v128.store(out + i, d, 48);
    if (out2 != out) {
      v128.store(out2 + i, e);
      v128.store(out2 + i, f, 16);
      v128.store(out2 + i, g, 32);
      v128.store(out2 + i, h, 48);
    }
  }
  for (; i < bytes; i += 16) {
    let a = f32x4.mul(v128.load(out + i), shrink), e = f32x4.mul(v128.load(out2 + i), shrink2);
    for (let t = 0, at = values + i, w = p; t < n; t++, at += bytes, w += 4) {
      a = madd(v128.load32_splat(w), v128.load(at), a);
      e = madd(v128.load32_splat(w, TILE * 4), v128.load(at), e);
    }
    v128.store(out + i, a);
    if (out2 != out) v128.store(out2 + i, e);
  }
}

/**
 * m query rows at `q` (m, heads, headDim), the first at position `pos`, against positions 0 … of one layer's cache.
 * Keys and values start at `keys` and `values`, (kvHeads, capacity, row). Does the queries of key-value heads
 * first … last-1.
 */
export function attention(
  out: usize, q: usize, keys: usize, values: usize, q8: i32,
  m: i32, pos: i32, heads: i32, kvHeads: i32, headDim: i32, capacity: i32, first: i32, last: i32, scratch: usize,
): void {
  const group = heads / kvHeads;
  const bytes = <usize>headDim << 2, rowStride = <usize>heads * bytes, kvRow = kv_row_bytes(q8, headDim);
  const scale = f32x4.splat(1 / sqrt<f32>(<f32>headDim));
  const tileBytes = <usize>TILE * bytes;
  const k32 = scratch, v32 = scratch + tileBytes, scores = v32 + tileBytes, state = scores + 2 * TILE * 4;
  for (let head = first; head < last; head++) {
    const headOut = <usize>(head * group) * bytes;
    for (let i = 0; i < m; i++) memory.fill(out + <usize>i * rowStride + headOut, 0, <usize>group * bytes);
    for (let i = 0; i < m * group; i++) {
      store<f32>(state + (<usize>i << 3), -Infinity);
      store<f32>(state + (<usize>i << 3), 0, 4);
    }
    const headKeys = keys + <usize>head * <usize>capacity * kvRow, headValues = values + <usize>head * <usize>capacity * kvRow;
    for (let t0 = 0; t0 < pos + m; t0 += TILE) {
      const n = min(TILE, pos + m - t0);
      widen(q8, headKeys + <usize>t0 * kvRow, k32, n, headDim);
      widen(q8, headValues + <usize>t0 * kvRow, v32, n, headDim);
      for (let i = max(0, t0 - pos); i < m; i++) {
        const seen = min(n, pos + i + 1 - t0);
        for (let h = 0; h < group; h += 2) {
          const at = <usize>i * rowStride + <usize>(head * group + h) * bytes;
          const next = h + 1 < group ? at + bytes : at; // an odd head out goes with itself, stored once
          score(q + at, q + next, k32, scores, seen, bytes, scale);
          const s = state + (<usize>(i * group + h) << 3);
          const shrink = soften(scores, seen, s);
          const shrink2 = next != at ? soften(scores + TILE * 4, seen, s + 8) : shrink;
          gather(scores, v32, out + at, out + next, seen, bytes, shrink, shrink2);
        }
      }
    }
    for (let i = 0; i < m; i++) {
      for (let h = 0; h < group; h++) {
        const at = out + <usize>i * rowStride + <usize>(head * group + h) * bytes;
        const inverse = f32x4.splat(1 / load<f32>(state + (<usize>(i * group + h) << 3), 4));
        for (let d: usize = 0; d < bytes; d += 16) v128.store(at + d, f32x4.mul(v128.load(at + d), inverse));
      }
    }
  }
}
