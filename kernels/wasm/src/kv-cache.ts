// How one layer's keys or values lie in memory: one head after another, in a head tiles of 32 positions, and in a tile
//
//   keys     16-bit units (an f16, or two i8), those of 8 positions side by side: (4, units, 8)
//   values   strips of 8 dimensions: (headDim / 8, 32, 8) of f16 or i8
//
// q8 has an f32 scale a position after a head's last tile: (slots), the capacity rounded up to whole tiles. Keys of 8
// positions fill the lanes of two vectors, so that a lane's running sum is a score. Either kind of tile is read once,
// from its first byte to its last.
import { halves, maxLane, toHalves } from './lanes';

/** Positions in a tile. Two tiles of 64 dimensions, widened to f32, fill half a first-level cache. */
export const TILE: i32 = 32;

/** Bytes of one head's keys, or values. */
export function kv_head_bytes(q8: i32, headDim: i32, slots: i32): usize {
  return <usize>slots * <usize>(q8 ? headDim + 4 : headDim * 2);
}

/** m rows of k and v (m, kvHeads, headDim) into one layer's cache, at positions pos …; headDim is a multiple of 8. */
export function kv_write(
  q8: i32, k: usize, v: usize, keys: usize, values: usize,
  m: i32, pos: i32, kvHeads: i32, headDim: i32, slots: i32,
): void {
  if (q8) write(true, k, v, keys, values, m, pos, kvHeads, headDim, slots);
  else write(false, k, v, keys, values, m, pos, kvHeads, headDim, slots);
}

@inline
function write(
  q8: bool, k: usize, v: usize, keys: usize, values: usize,
  m: i32, pos: i32, kvHeads: i32, headDim: i32, slots: i32,
): void {
  const headBytes = kv_head_bytes(q8, headDim, slots), scales = <usize>slots * headDim;
  const rowBytes = <usize>(q8 ? headDim : headDim * 2), bytes = <usize>headDim << 2;
  for (const end = pos + m; pos < end; pos++) {
    for (let head: usize = 0; head < <usize>kvHeads; head++, k += bytes, v += bytes) {
      const headKeys = keys + head * headBytes, headValues = values + head * headBytes;
      const kScale = q8 ? peak(k, bytes) / 127 : 1, vScale = q8 ? peak(v, bytes) / 127 : 1;
      let unit = headKeys + (<usize>pos >> 3) * 8 * rowBytes + ((<usize>pos & 7) << 1);
      let strip = headValues + <usize>(pos & -TILE) * rowBytes + <usize>(pos & (TILE - 1)) * (q8 ? 8 : 16);
      for (let i: usize = 0; i < bytes; i += 32) {
        const key = narrow(q8, k + i, kScale), value = narrow(q8, v + i, vScale);
        scatter(key, unit, q8 ? 4 : 8);
        if (q8) v128.store64_lane(strip, value, 0);
        else v128.store(strip, value);
        unit += q8 ? 64 : 128;
        strip += TILE * (q8 ? 8 : 16);
      }
      if (q8) {
        store<f32>(headKeys + scales + (<usize>pos << 2), kScale);
        store<f32>(headValues + scales + (<usize>pos << 2), vScale);
      }
    }
  }
}

/** The first `length` positions of `heads` heads, from one cache to another. The tile they end in is copied whole. */
export function kv_copy(
  q8: i32, to: usize, from: usize, heads: i32, headDim: i32, toSlots: i32, fromSlots: i32, length: i32,
): void {
  const toBytes = kv_head_bytes(q8, headDim, toSlots), fromBytes = kv_head_bytes(q8, headDim, fromSlots);
  const bytes = <usize>((length + TILE - 1) & -TILE) * <usize>(q8 ? headDim : headDim * 2);
  for (; heads > 0; heads--, to += toBytes, from += fromBytes) {
    memory.copy(to, from, bytes);
    if (!q8) continue;
    memory.copy(to + <usize>toSlots * headDim, from + <usize>fromSlots * headDim, <usize>length << 2);
  }
}

/** The largest magnitude among `bytes / 4` floats, a multiple of four. */
@inline
export function peak(x: usize, bytes: usize): f32 {
  let most = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) most = f32x4.pmax(most, f32x4.abs(v128.load(x + i)));
  return maxLane(most);
}

/** Eight floats as eight f16, or as eight i8 in the low half. */
@inline
function narrow(q8: bool, x: usize, scale: f32): v128 {
  const a = v128.load(x), b = v128.load(x, 16);
  if (!q8) return i16x8.narrow_i32x4_u(toHalves(a), toHalves(b));
  const inverse = f32x4.splat(scale != 0 ? 1 / scale : 0);
  const words = i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(a, inverse))),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(b, inverse))),
  );
  return i8x16.narrow_i16x8_s(words, words);
}

/** The first n of eight units, to every eighth. */
@inline
function scatter(units: v128, out: usize, n: i32): void {
  v128.store16_lane(out, units, 0);
  v128.store16_lane(out, units, 1, 16);
  v128.store16_lane(out, units, 2, 32);
  v128.store16_lane(out, units, 3, 48);
  if (n < 8) return;
  v128.store16_lane(out, units, 4, 64);
  v128.store16_lane(out, units, 5, 80);
  v128.store16_lane(out, units, 6, 96);
  v128.store16_lane(out, units, 7, 112);
}

// How the cache is read. A type parameter says what is met: u16 an f16 and i8 as they lie there; once widened, f32, or
// i16 for keys of i8.

@inline
export function isWide<T>(): bool {
  return isFloat<T>() || (sizeof<T>() == 2 && isSigned<T>());
}

/** Whether keys come as pairs of integers. */
@inline
export function isPair<T>(): bool {
  return isInteger<T>() && isSigned<T>();
}

// Eight units of keys, or eight values, as two vectors. An f16 comes without its 2^112, see `halves`.

@inline
export function lowKey<T>(p: usize): v128 {
  if (isWide<T>()) return v128.load(p);
  return isPair<T>() ? v128.load8x8_s(p) : halves(p);
}

@inline
export function highKey<T>(p: usize): v128 {
  if (isWide<T>()) return v128.load(p, 16);
  return isPair<T>() ? v128.load8x8_s(p + 8) : halves(p + 8);
}

@inline
export function lowValue<T>(p: usize): v128 {
  if (isWide<T>()) return v128.load(p);
  if (sizeof<T>() == 2) return halves(p);
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v128.load8x8_s(p)));
}

@inline
export function highValue<T>(p: usize): v128 {
  if (isWide<T>()) return v128.load(p, 16);
  if (sizeof<T>() == 2) return halves(p + 8);
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(v128.load8x8_s(p)));
}

/** `bytes` bytes of keys, each eight units to 32 B. */
export function widenKeys<T>(from: usize, out: usize, bytes: usize): void {
  for (const end = from + bytes; from != end; from += 16, out += 32) {
    v128.store(out, lowKey<T>(from));
    v128.store(out, highKey<T>(from), 16);
  }
}

/** `bytes` bytes of values, each eight to 32 B. */
export function widenValues<T>(from: usize, out: usize, bytes: usize): void {
  for (const end = from + bytes; from != end; from += 8 * sizeof<T>(), out += 32) {
    v128.store(out, lowValue<T>(from));
    v128.store(out, highValue<T>(from), 16);
  }
}
