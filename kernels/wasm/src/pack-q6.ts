// Into and out of the packed q6_k layout that matmul-q6.ts describes.
import { half, laneOffset } from './lanes';
import { Q6_K_BLOCK, Q6_K_PART } from './matmul-q6';

/** Moves 8 rows, as GGML stores them, to one packed group. */
export function pack_q6_k(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 8;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 210, out += Q6_K_BLOCK) {
      store<u16>(out + 8 * Q6_K_PART + (<usize>r << 1), load<u16>(src, 208));
      for (let s = 0; s < 8; s++) {
        const at = out + <usize>s * Q6_K_PART + laneOffset(r);
        const quarter = s & 3;
        const low = src + ((s >> 2) << 6) + ((quarter & 1) << 5), shift = (quarter >> 1) << 2;
        const high = src + 128 + ((s >> 2) << 5), place = quarter << 1;
        let first: u32 = 0, last: u32 = 0;
        for (let i = 0; i < 4; i++) {
          const p = <usize>i << 2;
          const lo = (load<u32>(low + p) >> shift) & 0x0f0f0f0f;
          const hi = (load<u32>(low + p, 16) >> shift) & 0x0f0f0f0f;
          store<u32>(at + 8 * p, lo | (hi << 4));
          first |= ((load<u32>(high + p) >> place) & 0x03030303) << (2 * i);
          last |= ((load<u32>(high + p, 16) >> place) & 0x03030303) << (2 * i);
        }
        store<u32>(at, first, 128);
        store<u32>(at, last, 160);
        const scales = out + <usize>s * Q6_K_PART + r;
        store<u8>(scales, load<u8>(src + 2 * s, 192), 192);
        store<u8>(scales, load<u8>(src + 2 * s, 193), 200);
      }
    }
  }
}

/** Row `r` of a packed matrix as floats. */
export function row_q6_k(w: usize, r: i32, cols: i32, out: usize): void {
  w += <usize>(r >> 3) * (<usize>cols >> 8) * Q6_K_BLOCK;
  r &= 7;
  for (const end = out + (<usize>cols << 2); out != end; w += 16) {
    const d = half(w + 8 * Q6_K_PART + (<usize>r << 1));
    for (let s = 0; s < 8; s++, w += Q6_K_PART, out += 128) {
      for (let k = 0; k < 32; k++) {
        const i = (k & 15) >> 2;
        const at = w + laneOffset(r) + (k & 3);
        const byte = <u32>load<u8>(at + (<usize>i << 5));
        const low = k < 16 ? byte & 15 : byte >> 4;
        const high = (<u32>load<u8>(at + (k < 16 ? 128 : 160)) >> (2 * i)) & 3;
        const scale = d * <f32>load<i8>(w + r + (k < 16 ? 192 : 200));
        store<f32>(out + (<usize>k << 2), <f32>(<i32>(low | (high << 4)) - 32) * scale);
      }
    }
  }
}
