// How much a row of logits weighs, stretch by stretch: what a draw from 128,256 of them has to know.
import { exp2, maxLane } from './lanes';

const LOG2_E: f64 = 1.4426950408889634;
const STRETCH = 256; // SUM_STRETCH of kernels.ts

/** Writes a double for each stretch, and returns the greatest of all n numbers; NaN when one is. */
export function exp_sums(x: usize, n: i32, scale: f64, sums: usize): f32 {
  const greatest = largest(x, n);
  const max = f32x4.splat(greatest), factor = f32x4.splat(<f32>(scale * LOG2_E));
  for (; n > 0; n -= STRETCH, sums += 8) {
    const end = x + (<usize>min(n, STRETCH) << 2);
    let low = f64x2.splat(0), high = low;
    for (; x + 64 <= end; x += 64) {
      // few are added up as floats, so that rounding stays below that of exp
      const a = f32x4.add(weight(v128.load(x), max, factor), weight(v128.load(x, 16), max, factor));
      const b = f32x4.add(weight(v128.load(x, 32), max, factor), weight(v128.load(x, 48), max, factor));
      const sum = f32x4.add(a, b);
      low = f64x2.add(low, f64x2.promote_low_f32x4(sum));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(sum, sum, 1, 0)));
    }
    const both = f64x2.add(low, high);
    let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
    for (; x < end; x += 4) sum += <f64>f32x4.extract_lane(weight(v128.load32_splat(x), max, factor), 0);
    store<f64>(sums, sum);
  }
  return greatest;
}

@inline
function weight(x: v128, max: v128, factor: v128): v128 {
  return exp2(f32x4.mul(f32x4.sub(x, max), factor));
}

function largest(x: usize, n: i32): f32 {
  let most = f32x4.splat(-Infinity), other = most;
  const end = x + (<usize>n << 2);
  for (; x + 32 <= end; x += 32) {
    most = f32x4.max(most, v128.load(x));
    other = f32x4.max(other, v128.load(x, 16));
  }
  let greatest = maxLane(f32x4.max(most, other));
  for (; x < end; x += 4) greatest = max(greatest, load<f32>(x));
  return greatest;
}
