// Into and out of the packed 8-bit layouts that matmul-q8.ts describes. 5-bit formats are widened to 8: exactly.
import { half } from './lanes';
import { Q8_0_BLOCK, Q8_1_BLOCK } from './matmul-q8';

/** Where weight k of row r lies in a block. */
@inline
function place(r: i32, k: i32): usize {
  return <usize>(((k >> 1) << 4) + ((r >> 2) << 3) + ((r & 3) << 1) + (k & 1));
}

export function pack_q8_0(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 5;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 34, out += Q8_0_BLOCK) {
      store<u16>(out + (<usize>r << 1), load<u16>(src), 256);
      for (let k = 0; k < 32; k += 2) store<u16>(out + place(r, k), load<u16>(src + k, 2));
    }
  }
}

/** Weight k of a block with 16 bytes of nibbles and 4 of fifth bits. */
@inline
function five(qh: u32, qs: usize, k: i32): i32 {
  const byte = <i32>load<u8>(qs + (k & 15));
  return (k < 16 ? byte & 15 : byte >> 4) | (<i32>((qh >> k) & 1) << 4);
}

export function pack_q5_0(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 5;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 22, out += Q8_0_BLOCK) {
      store<u16>(out + (<usize>r << 1), load<u16>(src), 256);
      for (let k = 0; k < 32; k++) store<i8>(out + place(r, k), <i8>(five(load<u32>(src, 2), src + 6, k) - 16));
    }
  }
}

export function pack_q5_1(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 5;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 24, out += Q8_1_BLOCK) {
      store<f32>(out + (<usize>r << 2), half(src), 256);
      store<f32>(out + (<usize>r << 2), half(src + 2), 288);
      for (let k = 0; k < 32; k++) store<i8>(out + place(r, k), <i8>five(load<u32>(src, 4), src + 8, k));
    }
  }
}

export function pack_q5_k(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 8;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 176) {
      for (let s = 0; s < 8; s++, out += Q8_1_BLOCK) {
        const sc = src + 4 + s;
        const scale = s < 4 ? load<u8>(sc) & 63 : (load<u8>(sc + 4) & 15) | ((load<u8>(sc - 4) >> 6) << 4);
        const least = s < 4 ? load<u8>(sc + 4) & 63 : (load<u8>(sc + 4) >> 4) | ((load<u8>(sc) >> 6) << 4);
        store<f32>(out + (<usize>r << 2), half(src) * <f32>scale, 256);
        store<f32>(out + (<usize>r << 2), -half(src + 2) * <f32>least, 288);
        const qs = src + 48 + ((s >> 1) << 5), shift = (s & 1) << 2;
        for (let k = 0; k < 32; k++) {
          const fifth = (<u32>load<u8>(src + 16 + k) >> s) & 1;
          store<u8>(out + place(r, k), ((<u32>load<u8>(qs + k) >> shift) & 15) | (fifth << 4));
        }
      }
    }
  }
}

/** Row `r` of a packed matrix as floats. */
export function row_q8_0(w: usize, r: i32, cols: i32, out: usize): void {
  w += <usize>(r >> 3) * (<usize>cols >> 5) * Q8_0_BLOCK;
  r &= 7;
  for (const end = out + (<usize>cols << 2); out != end; out += 128, w += Q8_0_BLOCK) {
    const d = half(w + 256 + (<usize>r << 1));
    for (let k = 0; k < 32; k++) store<f32>(out + (<usize>k << 2), <f32>load<i8>(w + place(r, k)) * d);
  }
}

export function row_q8_1(w: usize, r: i32, cols: i32, out: usize): void {
  w += <usize>(r >> 3) * (<usize>cols >> 5) * Q8_1_BLOCK;
  r &= 7;
  for (const end = out + (<usize>cols << 2); out != end; out += 128, w += Q8_1_BLOCK) {
    const d = load<f32>(w + (<usize>r << 2), 256), least = load<f32>(w + (<usize>r << 2), 288);
    for (let k = 0; k < 32; k++) store<f32>(out + (<usize>k << 2), <f32>load<i8>(w + place(r, k)) * d + least);
  }
}
