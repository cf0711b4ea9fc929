// Batches of 4- and 6-bit weights. A group of 8 rows is first unpacked to a panel, once for all tokens; a panel block
// holds the K weights that share a scale, 32 or 16:
//    0        u8 × 8 · K: A, B (rows 0-3, rows 4-7) for k = 4i … 4i+3, i = 0 … K / 4 - 1
//    8 · K    f32 scale A, B; then, where the format has them, i16 pair scale A, B; f32 min A, B
import { dot16, madd, ONE_I16 } from './lanes';
import { storeTile, turn1, turn2, turn3 } from './quad';

/** sum + scale · the whole of the i16 pairs, each times its integer scale. */
@inline
export function scaled(s: v128, pairScale: v128, scale: v128, sum: v128): v128 {
  return madd(f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(s, pairScale)), scale, sum);
}

/** Eight u8 or i8 scales widened to i16: those of rows 0-3 as pairs. */
@inline
export function pairsA(scales: v128): v128 {
  return v128.shuffle<i16>(scales, scales, 0, 0, 1, 1, 2, 2, 3, 3);
}
@inline
export function pairsB(scales: v128): v128 {
  return v128.shuffle<i16>(scales, scales, 4, 4, 5, 5, 6, 6, 7, 7);
}

/** Four tokens against one panel, which ends at `end`. */
@inline
export function tile(
  k: i32, pairs: bool, mins: bool, panel: usize, end: usize, q: usize,
  y: usize, stride: usize, tokens: i32, rows: i32,
): void {
  const one = v128.load(ONE_I16);
  let f0 = f32x4.splat(0), f1 = f0, f2 = f0, f3 = f0, g0 = f0, g1 = f0, g2 = f0, g3 = f0;
  while (panel != end) {
    let a0 = v128.load(q + (<usize>k << 2)), a1 = turn1(a0), a2 = turn2(a0), a3 = turn3(a0);
    let b0 = a0, b1 = a1, b2 = a2, b3 = a3;
    for (const last = panel + (<usize>k << 3); panel != last; panel += 32, q += 16) {
      const wa = v128.load(panel), wb = v128.load(panel, 16);
      const t0 = v128.load(q), t1 = turn1(t0), t2 = turn2(t0), t3 = turn3(t0);
      a0 = i16x8.add(a0, dot16(t0, wa)); b0 = i16x8.add(b0, dot16(t0, wb));
      a1 = i16x8.add(a1, dot16(t1, wa)); b1 = i16x8.add(b1, dot16(t1, wb));
      a2 = i16x8.add(a2, dot16(t2, wa)); b2 = i16x8.add(b2, dot16(t2, wb));
      a3 = i16x8.add(a3, dot16(t3, wa)); b3 = i16x8.add(b3, dot16(t3, wb));
    }
    const sa = v128.load(panel), sb = v128.load(panel, 16);
    const pa = pairs ? v128.load(panel, 32) : one, pb = pairs ? v128.load(panel, 48) : one;
    const t0 = v128.load(q, 16), t1 = turn1(t0), t2 = turn2(t0), t3 = turn3(t0);
    f0 = scaled(a0, pa, f32x4.mul(t0, sa), f0); g0 = scaled(b0, pb, f32x4.mul(t0, sb), g0);
    f1 = scaled(a1, pa, f32x4.mul(t1, sa), f1); g1 = scaled(b1, pb, f32x4.mul(t1, sb), g1);
    f2 = scaled(a2, pa, f32x4.mul(t2, sa), f2); g2 = scaled(b2, pb, f32x4.mul(t2, sb), g2);
    f3 = scaled(a3, pa, f32x4.mul(t3, sa), f3); g3 = scaled(b3, pb, f32x4.mul(t3, sb), g3);
    panel += pairs ? 64 : 32;
    if (mins) {
      const ma = v128.load(panel), mb = v128.load(panel, 16);
      const s0 = v128.load(q, 32), s1 = turn1(s0), s2 = turn2(s0), s3 = turn3(s0);
      f0 = madd(ma, s0, f0); g0 = madd(mb, s0, g0);
      f1 = madd(ma, s1, f1); g1 = madd(mb, s1, g1);
      f2 = madd(ma, s2, f2); g2 = madd(mb, s2, g2);
      f3 = madd(ma, s3, f3); g3 = madd(mb, s3, g3);
      panel += 32;
    }
    q += 48;
  }
  storeTile(f0, f1, f2, f3, g0, g1, g2, g3, y, stride, tokens, rows);
}
