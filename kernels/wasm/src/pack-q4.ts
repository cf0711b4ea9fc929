// Into and out of the packed 4-bit layouts that matmul-q4.ts describes.
import { half, laneOffset } from './lanes';
import { Q4_0_BLOCK, Q4_1_BLOCK, Q4_K_BLOCK, Q4_K_PART } from './matmul-q4';

/** Moves 8 rows, as GGML stores them, to one packed group. Rows past `rows` stay as they are: zero. */
export function pack_q4_0(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 5;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 18, out += Q4_0_BLOCK) {
      store<u16>(out + (<usize>r << 1), load<u16>(src), 128);
      packNibbles(src + 2, out, r);
    }
  }
}

export function pack_q4_1(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 5;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 20, out += Q4_1_BLOCK) {
      store<u16>(out + (<usize>r << 1), load<u16>(src), 128);
      store<u16>(out + (<usize>r << 1), load<u16>(src, 2), 144);
      packNibbles(src + 4, out, r);
    }
  }
}

@inline
function packNibbles(qs: usize, out: usize, r: i32): void {
  const at = out + laneOffset(r);
  for (let i: usize = 0; i < 4; i++) store<u32>(at + 32 * i, load<u32>(qs + 4 * i));
}

export function pack_q4_k(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 8;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 144, out += Q4_K_BLOCK) {
      store<u16>(out + 8 * Q4_K_PART + (<usize>r << 1), load<u16>(src));
      store<u16>(out + 8 * Q4_K_PART + (<usize>r << 1), load<u16>(src, 2), 16);
      for (let s = 0; s < 8; s++) {
        const at = out + <usize>s * Q4_K_PART;
        const sc = src + 4 + s; // 12 bytes hold eight 6-bit scales and eight 6-bit mins; see ggml-quants.c
        const scale = s < 4 ? load<u8>(sc) & 63 : (load<u8>(sc + 4) & 15) | ((load<u8>(sc - 4) >> 6) << 4);
        const least = s < 4 ? load<u8>(sc + 4) & 63 : (load<u8>(sc + 4) >> 4) | ((load<u8>(sc) >> 6) << 4);
        store<u8>(at + r, scale, 128);
        store<u8>(at + r, least, 136);
        const qs = src + 16 + ((s >> 1) << 5);
        const shift = (s & 1) << 2;
        for (let i: usize = 0; i < 4; i++) {
          const lo = (load<u32>(qs + 4 * i) >> shift) & 0x0f0f0f0f;
          const hi = (load<u32>(qs + 4 * i, 16) >> shift) & 0x0f0f0f0f;
          store<u32>(at + laneOffset(r) + 32 * i, lo | (hi << 4));
        }
      }
    }
  }
}

@inline
function nibble(block: usize, r: i32, k: i32): f32 {
  const byte = load<u8>(block + (<usize>((k & 15) >> 2) << 5) + laneOffset(r) + (k & 3));
  return <f32>(k < 16 ? byte & 15 : byte >> 4);
}

/** Row `r` of a packed matrix as floats. */
export function row_q4_0(w: usize, r: i32, cols: i32, out: usize): void {
  w += <usize>(r >> 3) * (<usize>cols >> 5) * Q4_0_BLOCK;
  r &= 7;
  for (const end = out + (<usize>cols << 2); out != end; out += 128, w += Q4_0_BLOCK) {
    const d = half(w + 128 + (<usize>r << 1));
    for (let k = 0; k < 32; k++) store<f32>(out + (<usize>k << 2), (nibble(w, r, k) - 8) * d);
  }
}

export function row_q4_1(w: usize, r: i32, cols: i32, out: usize): void {
  w += <usize>(r >> 3) * (<usize>cols >> 5) * Q4_1_BLOCK;
  r &= 7;
  for (const end = out + (<usize>cols << 2); out != end; out += 128, w += Q4_1_BLOCK) {
    const d = half(w + 128 + (<usize>r << 1)), least = half(w + 144 + (<usize>r << 1));
    for (let k = 0; k < 32; k++) store<f32>(out + (<usize>k << 2), nibble(w, r, k) * d + least);
  }
}

export function row_q4_k(w: usize, r: i32, cols: i32, out: usize): void {
  w += <usize>(r >> 3) * (<usize>cols >> 8) * Q4_K_BLOCK;
  r &= 7;
  for (const end = out + (<usize>cols << 2); out != end; w += Q4_K_BLOCK - 8 * Q4_K_PART) {
    const tail = w + 8 * Q4_K_PART + (<usize>r << 1);
    const d = half(tail), dmin = half(tail + 16);
    for (let s = 0; s < 8; s++, w += Q4_K_PART, out += 128) {
      const scale = d * <f32>load<u8>(w + r, 128), least = dmin * <f32>load<u8>(w + r, 136);
      for (let k = 0; k < 32; k++) store<f32>(out + (<usize>k << 2), nibble(w, r, k) * scale - least);
    }
  }
}
