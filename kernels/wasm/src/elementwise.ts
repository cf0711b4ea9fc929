// The small ops of a layer. Formulas and shapes: kernels.ts.
import { exp2, LOG2E, madd, sumLanes } from './lanes';

/** dim is a multiple of 4. */
export function rms_norm(out: usize, x: usize, weight: usize, m: i32, dim: i32, eps: f32): void {
  const bytes = <usize>dim << 2;
  for (; m > 0; m--, x += bytes, out += bytes) {
    let a = f32x4.splat(0), b = a;
    let i: usize = 0;
    for (; i + 32 <= bytes; i += 32) {
      const u = v128.load(x + i), v = v128.load(x + i, 16);
      a = madd(u, u, a);
      b = madd(v, v, b);
    }
    if (i < bytes) a = madd(v128.load(x + i), v128.load(x + i), a);
    const scale = f32x4.splat(1 / sqrt<f32>(sumLanes(f32x4.add(a, b)) / <f32>dim + eps));
    for (i = 0; i < bytes; i += 16) {
      v128.store(out + i, f32x4.mul(f32x4.mul(v128.load(x + i), scale), v128.load(weight + i)));
    }
  }
}

/** headDim is a multiple of 4. The table has (cos, sin) of two pairs in a vector, as x has two pairs. */
export function rope(x: usize, table: usize, m: i32, heads: i32, headDim: i32): void {
  const bytes = <usize>headDim << 2;
  for (; m > 0; m--, table += bytes) {
    for (let h = 0; h < heads; h++, x += bytes) {
      for (let i: usize = 0; i < bytes; i += 16) {
        const v = v128.load(x + i), t = v128.load(table + i);
        const cos = v128.shuffle<f32>(t, t, 0, 0, 2, 2), sin = v128.shuffle<f32>(t, t, 1, 1, 3, 3);
        const swapped = v128.shuffle<f32>(v, v, 1, 0, 3, 2);
        // even lanes: v·cos - w·sin, odd lanes: v·cos + w·sin
        const signed = v128.xor(sin, i64x2.splat(0x80000000));
        v128.store(x + i, f32x4.add(f32x4.mul(v, cos), f32x4.mul(swapped, signed)));
      }
    }
  }
}

/** Numbers first … last-1, multiples of 4. */
export function silu_mul(gate: usize, up: usize, first: i32, last: i32): void {
  const one = f32x4.splat(1);
  const end = gate + (<usize>last << 2);
  gate += <usize>first << 2;
  up += <usize>first << 2;
  for (; gate < end; gate += 16, up += 16) {
    const g = v128.load(gate);
    const power = f32x4.min(f32x4.mul(g, f32x4.splat(-LOG2E)), f32x4.splat(126));
    const sigmoid = f32x4.div(one, f32x4.add(one, exp2(power)));
    v128.store(gate, f32x4.mul(f32x4.mul(g, sigmoid), v128.load(up)));
  }
}

export function add(x: usize, y: usize, n: i32): void {
  for (const end = x + (<usize>n << 2); x < end; x += 16, y += 16) {
    v128.store(x, f32x4.add(v128.load(x), v128.load(y)));
  }
}

/** The k largest of n numbers, best first, ties to the lower index. NaN is never among them. Returns how many. */
export function top_k(x: usize, n: i32, k: i32, ids: usize, values: usize): i32 {
  let kept = 0;
  let least: f32 = -Infinity;
  for (let i = 0; i < n; i++, x += 4) {
    if (kept == k && (i & 3) == 0 && i + 4 <= n) {
      // four at a time past what cannot enter
      if (!v128.any_true(f32x4.gt(v128.load(x), f32x4.splat(least)))) {
        i += 3;
        x += 12;
        continue;
      }
    }
    const v = load<f32>(x);
    if (kept == k ? !(v > least) : isNaN(v)) continue;
    let at = kept < k ? kept++ : k - 1;
    for (; at > 0 && load<f32>(values + ((<usize>at - 1) << 2)) < v; at--) {
      store<f32>(values + (<usize>at << 2), load<f32>(values + ((<usize>at - 1) << 2)));
      store<u32>(ids + (<usize>at << 2), load<u32>(ids + ((<usize>at - 1) << 2)));
    }
    store<f32>(values + (<usize>at << 2), v);
    store<u32>(ids + (<usize>at << 2), i);
    least = load<f32>(values + ((<usize>k - 1) << 2));
  }
  return kept;
}
