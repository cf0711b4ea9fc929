// Attention over a cache as kv-cache.ts lays it out. Positions are taken a tile at a time, and sums are rescaled as the
// largest score grows (Milakov & Gimelshein 2018, arXiv:1805.02867), so no T × T table exists. The queries that share a
// key-value head go together, up to four: a key once made a float meets them all.
//
// One token row reads the cache as it is. More widen a tile first; the numbers they multiply, and their order, are the
// same, so a row's result does not depend on its company.
import {
  highKey, highValue, isPair, isWide, kv_head_bytes, lowKey, lowValue, peak, TILE, widenKeys, widenValues,
} from './kv-cache';
import { exp2, HALF_SCALE, LOG2E, madd, maxLane, sumLanes } from './lanes';

const WEIGHTS: usize = TILE << 2; // bytes of a query's scores, which become its weights

/** `halves` leaves 2^112 out. Queries bring it to the keys, weights to the values. */
const HALF_EXPONENT: f32 = 112;

// A query's state: the largest score so far, the sum of weights, what they last shrank by, the scale of its integers.
const STATE: usize = 16;

/** Scratch for `attention`: states, queries, weights, and two tiles if m > 1. */
export function attention_scratch(m: i32, group: i32, headDim: i32): usize {
  const queries = <usize>m * <usize>group, bytes = <usize>headDim << 2;
  return queries * (STATE + bytes) + 4 * WEIGHTS + (m > 1 ? 2 * <usize>TILE * bytes : 0);
}

/**
 * m query rows at `q` (m, heads, headDim), the first at position `pos`, against positions 0 … of one layer's cache.
 * Does the queries of key-value heads first … last-1.
 */
export function attention(
  out: usize, q: usize, keys: usize, values: usize, q8: i32,
  m: i32, pos: i32, heads: i32, kvHeads: i32, headDim: i32, slots: i32, first: i32, last: i32, scratch: usize,
): void {
  const group = heads / kvHeads, wide = m > 1;
  const bytes = <usize>headDim << 2, rowStride = <usize>heads * bytes, groupBytes = <usize>group * bytes;
  const headBytes = kv_head_bytes(q8, headDim, slots), tileBytes = <usize>(TILE * (q8 ? headDim : headDim * 2));
  const states = scratch, queries = states + <usize>(m * group) * STATE, weights = queries + <usize>m * groupBytes;
  const wideKeys = weights + 4 * WEIGHTS, wideValues = wideKeys + <usize>TILE * bytes;

  for (let head = first; head < last; head++) {
    const headAt = <usize>head * groupBytes, base = <usize>head * headBytes;
    const keyScales = keys + base + <usize>slots * headDim, valueScales = values + base + <usize>slots * headDim;
    for (let i = 0; i < m; i++) {
      const row = <usize>i * rowStride + headAt;
      memory.fill(out + row, 0, groupBytes);
      for (let h = 0; h < group; h += setSize(group - h)) {
        const at = <usize>(i * group + h);
        prepare(q8, setSize(group - h), q + row + <usize>h * bytes, headDim, queries + at * bytes, states + at * STATE);
      }
    }

    for (let t0 = 0; t0 < pos + m; t0 += TILE) {
      const n = min(TILE, pos + m - t0), at = base + <usize>(t0 / TILE) * tileBytes;
      let tileKeys = keys + at, tileValues = values + at;
      if (wide) {
        if (q8) {
          widenKeys<i8>(tileKeys, wideKeys, tileBytes);
          widenValues<i8>(tileValues, wideValues, tileBytes);
        } else {
          widenKeys<u16>(tileKeys, wideKeys, tileBytes);
          widenValues<u16>(tileValues, wideValues, tileBytes);
        }
        tileKeys = wideKeys;
        tileValues = wideValues;
      }
      const scaleAt = <usize>t0 << 2;
      for (let i = max(0, t0 - pos); i < m; i++) {
        const seen = min(n, pos + i + 1 - t0), row = <usize>i * rowStride + headAt;
        for (let h = 0; h < group; h += setSize(group - h)) {
          const set = setSize(group - h), index = <usize>(i * group + h), state = states + index * STATE;
          const query = queries + index * bytes, to = out + row + <usize>h * bytes;
          if (!q8) {
            if (wide) attend<f32, f32>(set, query, tileKeys, tileValues, headDim, weights, seen, state, to, 0, 0);
            else attend<u16, u16>(set, query, tileKeys, tileValues, headDim, weights, seen, state, to, 0, 0);
          } else {
            const kScale = keyScales + scaleAt, vScale = valueScales + scaleAt;
            if (wide) attend<i16, f32>(set, query, tileKeys, tileValues, headDim, weights, seen, state, to, kScale, vScale);
            else attend<i8, i8>(set, query, tileKeys, tileValues, headDim, weights, seen, state, to, kScale, vScale);
          }
        }
      }
    }

    for (let i = 0; i < m; i++) {
      for (let h = 0; h < group; h++) {
        const at = out + <usize>i * rowStride + headAt + <usize>h * bytes;
        const inverse = f32x4.splat(1 / load<f32>(states + <usize>(i * group + h) * STATE, 4));
        for (let d: usize = 0; d < bytes; d += 16) v128.store(at + d, f32x4.mul(v128.load(at + d), inverse));
      }
    }
  }
}

/** How many of `left` queries go together: 4, 3 or 1. */
@inline
function setSize(left: i32): i32 {
  return left >= 4 ? 4 : left == 3 ? 3 : 1;
}

/**
 * Makes n queries ready: scaled so that scores are in powers of two, laid side by side (units, n), as f32, or as i16
 * pairs with a scale each.
 */
function prepare(q8: i32, n: i32, q: usize, headDim: i32, out: usize, state: usize): void {
  const scale = LOG2E / sqrt<f32>(<f32>headDim), bytes = <usize>headDim << 2, step = <usize>n << 2;
  for (let r = 0; r < n; r++, q += bytes, state += STATE) {
    const most: f32 = q8 ? peak(q, bytes) / 32767 : 1;
    store<f32>(state, -Infinity);
    store<f32>(state, 0, 4);
    store<f32>(state, most * scale, 12);
    const factor = f32x4.splat(q8 ? (most != 0 ? 1 / most : 0) : scale * HALF_SCALE);
    for (let d: usize = 0, at = out + (<usize>r << 2); d < bytes; d += 16) {
      const x = f32x4.mul(v128.load(q + d), factor);
      if (q8) {
        const words = i32x4.trunc_sat_f32x4_s(f32x4.nearest(x));
        const pairs = i16x8.narrow_i32x4_s(words, words);
        v128.store32_lane(at, pairs, 0);
        v128.store32_lane(at + step, pairs, 1);
        at += 2 * step;
      } else {
        v128.store32_lane(at, x, 0);
        v128.store32_lane(at + step, x, 1);
        v128.store32_lane(at + 2 * step, x, 2);
        v128.store32_lane(at + 3 * step, x, 3);
        at += 4 * step;
      }
    }
  }
}

/** n queries against a tile's first `seen` positions. Where keys are integers, keys and values have scales. */
function attend<K, V>(
  n: i32, q: usize, keys: usize, values: usize, headDim: i32, weights: usize, seen: i32, state: usize, out: usize,
  keyScales: usize, valueScales: usize,
): void {
  score<K>(n, q, keys, headDim, weights, seen, state, keyScales);
  for (let r = 0; r < n; r++) {
    soften(isPair<K>(), weights + <usize>r * WEIGHTS, seen, state + <usize>r * STATE, valueScales);
  }
  gather<V>(n, weights, values, headDim, out, seen, state);
}

/** Scores of n queries against `seen` keys, in powers of two, to rows of `weights`. */
function score<T>(
  n: i32, q: usize, keys: usize, headDim: i32, weights: usize, seen: i32, state: usize, scales: usize,
): void {
  if (n == 4) scoreBlocks<T>(4, q, keys, headDim, weights, seen, state, scales);
  else if (n == 3) scoreBlocks<T>(3, q, keys, headDim, weights, seen, state, scales);
  else scoreBlocks<T>(1, q, keys, headDim, weights, seen, state, scales);
}

/** A lane is a position: eight at a time, in two vectors a query. */
@inline
function scoreBlocks<T>(
  n: i32, q: usize, keys: usize, headDim: i32, weights: usize, seen: i32, state: usize, scales: usize,
): void {
  const step: usize = isWide<T>() ? 32 : 16;
  const qEnd = q + (<usize>(isPair<T>() ? headDim >> 1 : headDim) * n << 2);
  for (let t = 0; t < seen; t += 8, weights += 32, scales += 32) {
    let a = i32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    for (let p = q; p != qEnd; p += n << 2, keys += step) {
      const x = lowKey<T>(keys), y = highKey<T>(keys);
      let u = v128.load32_splat(p);
      a = accumulate<T>(u, x, a);
      b = accumulate<T>(u, y, b);
      if (n > 1) {
        u = v128.load32_splat(p, 4);
        c = accumulate<T>(u, x, c);
        d = accumulate<T>(u, y, d);
        u = v128.load32_splat(p, 8);
        e = accumulate<T>(u, x, e);
        f = accumulate<T>(u, y, f);
      }
      if (n > 3) {
        u = v128.load32_splat(p, 12);
        g = accumulate<T>(u, x, g);
        h = accumulate<T>(u, y, h);
      }
    }
    storeScores<T>(a, b, weights, state, scales);
    if (n > 1) {
      storeScores<T>(c, d, weights + WEIGHTS, state + STATE, scales);
      storeScores<T>(e, f, weights + 2 * WEIGHTS, state + 2 * STATE, scales);
    }
    if (n > 3) storeScores<T>(g, h, weights + 3 * WEIGHTS, state + 3 * STATE, scales);
  }
}

@inline
function accumulate<T>(u: v128, x: v128, sum: v128): v128 {
  return isPair<T>() ? i32x4.add(sum, i32x4.dot_i16x8_s(u, x)) : madd(u, x, sum);
}

/** Integer sums get the scales of their query and their keys first. */
@inline
function storeScores<T>(a: v128, b: v128, out: usize, state: usize, scales: usize): void {
  if (isPair<T>()) {
    const scale = v128.load32_splat(state, 12);
    a = f32x4.mul(f32x4.convert_i32x4_s(a), f32x4.mul(v128.load(scales), scale));
    b = f32x4.mul(f32x4.convert_i32x4_s(b), f32x4.mul(v128.load(scales, 16), scale));
  }
  v128.store(out, a);
  v128.store(out, b, 16);
}

/** Turns a query's `seen` scores into what its values are multiplied by, and notes what the sums so far shrink by. */
function soften(q8: bool, weights: usize, seen: i32, state: usize, scales: usize): void {
  const end = weights + (<usize>((seen + 3) & ~3) << 2);
  for (let p = weights + (<usize>seen << 2); p != end; p += 4) store<f32>(p, -Infinity);
  let most = v128.load(weights);
  for (let p = weights + 16; p != end; p += 16) most = f32x4.pmax(most, v128.load(p));
  const before = load<f32>(state), now = max(before, maxLane(most));
  const base = f32x4.splat(q8 ? now : now - HALF_EXPONENT);
  let sum = f32x4.splat(0);
  for (let p = weights; p != end; p += 16) {
    let w = exp2(f32x4.sub(v128.load(p), base));
    sum = f32x4.add(sum, w);
    if (q8) {
      w = f32x4.mul(w, v128.load(scales));
      scales += 16;
    }
    v128.store(p, w);
  }
  const shrink = f32x4.extract_lane(exp2(f32x4.splat(before - now)), 0);
  store<f32>(state, now);
  store<f32>(state, load<f32>(state, 4) * shrink + sumLanes(sum) * (q8 ? 1 : 1 / HALF_SCALE), 4);
  store<f32>(state, shrink, 8);
}

/** For n queries: out = out · shrink + Σ weights[t] · values[t] */
function gather<T>(
  n: i32, weights: usize, values: usize, headDim: i32, out: usize, seen: i32, state: usize,
): void {
  if (n == 4) gatherStrips<T>(4, weights, values, headDim, out, seen, state);
  else if (n == 3) gatherStrips<T>(3, weights, values, headDim, out, seen, state);
  else gatherStrips<T>(1, weights, values, headDim, out, seen, state);
}

/** Eight dimensions at a time, in two vectors a query. */
@inline
function gatherStrips<T>(
  n: i32, weights: usize, values: usize, headDim: i32, out: usize, seen: i32, state: usize,
): void {
  const step: usize = 8 * sizeof<T>();
  const bytes = <usize>headDim << 2;
  const out2 = out + bytes, out3 = out2 + bytes, out4 = out3 + bytes, end = weights + (<usize>seen << 2);
  for (let i: usize = 0; i < bytes; i += 32, values += <usize>TILE * step) {
    let a = shrunk(out + i, state), b = shrunk(out + i + 16, state), c = a, d = a, e = a, f = a, g = a, h = a;
    if (n > 1) {
      c = shrunk(out2 + i, state + STATE);
      d = shrunk(out2 + i + 16, state + STATE);
      e = shrunk(out3 + i, state + 2 * STATE);
      f = shrunk(out3 + i + 16, state + 2 * STATE);
    }
    if (n > 3) {
      g = shrunk(out4 + i, state + 3 * STATE);
      h = shrunk(out4 + i + 16, state + 3 * STATE);
    }
    for (let w = weights, at = values; w != end; w += 4, at += step) {
      const x = lowValue<T>(at), y = highValue<T>(at);
      let u = v128.load32_splat(w);
      a = madd(u, x, a);
      b = madd(u, y, b);
      if (n > 1) {
        u = v128.load32_splat(w, WEIGHTS);
        c = madd(u, x, c);
        d = madd(u, y, d);
        u = v128.load32_splat(w, 2 * WEIGHTS);
        e = madd(u, x, e);
        f = madd(u, y, f);
      }
      if (n > 3) {
        u = v128.load32_splat(w, 3 * WEIGHTS);
        g = madd(u, x, g);
        h = madd(u, y, h);
      }
    }
    v128.store(out + i, a);
    v128.store(out + i, b, 16);
    if (n > 1) {
      v128.store(out2 + i, c);
      v128.store(out2 + i, d, 16);
      v128.store(out3 + i, e);
      v128.store(out3 + i, f, 16);
    }
    if (n > 3) {
      v128.store(out4 + i, g);
      v128.store(out4 + i, h, 16);
    }
  }
}

@inline
function shrunk(out: usize, state: usize): v128 {
  return f32x4.mul(v128.load(out), v128.load32_splat(state, 8));
}
