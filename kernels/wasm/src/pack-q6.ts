// Into and out of the packed q6_k layout that matmul-q6.ts describes.
import { half, laneOffset } from './lanes';
import { Q6_K_BLOCK, Q6_K_PART } from './matmul-q6';

/** Moves 8 rows, as GGML stores them, to one packed group. */
export function pack_q6_k(src: usize, dst: usize, rows: i32, cols: i32): void {
  const blocks = cols >> 8;
  for (let r = 0; r < rows; r++) {
    for (let b = 0, out = dst; b < blocks; b++, src += 210, out += Q6_K_BLOCK) {
      store<u16>(out + 16 * Q6_K_PART + (<usize>r << 1), load<u16>(src, 208));
      for (let s = 0; s < 16; s++) {
        const at = out + <usize>s * Q6_K_PART;
        const last = six(src, s, 3);
        for (let i = 0; i < 3; i++) {
          const part = (last >> (4 - 2 * i)) & 0x03030303;
          store<u32>(at + laneOffset(r) + (<usize>i << 5), six(src, s, i) | (part << 6));
        }
        store<u8>(at + r, load<u8>(src + s, 192), 96);
      }
    }
  }
}

/** Weights 4i … 4i+3 of the `s`th 16 of a block, a byte each. Source: ggml-quants.c, block_q6_K */
@inline
function six(src: usize, s: i32, i: i32): u32 {
  const quarter = (s >> 1) & 3, k = <usize>(((s & 1) << 4) + (i << 2));
  const low = load<u32>(src + ((s >> 3) << 6) + ((quarter & 1) << 5) + k) >> ((quarter >> 1) << 2);
  const high = load<u32>(src + 128 + ((s >> 3) << 5) + k) >> (quarter << 1);
  return (low & 0x0f0f0f0f) | ((high & 0x03030303) << 4);
}

/** Row `r` of a packed matrix as floats. */
export function row_q6_k(w: usize, r: i32, cols: i32, out: usize): void {
  w += <usize>(r >> 3) * (<usize>cols >> 8) * Q6_K_BLOCK;
  r &= 7;
  for (const end = out + (<usize>cols << 2); out != end; w += 16) {
    const d = half(w + 16 * Q6_K_PART + (<usize>r << 1));
    for (let s = 0; s < 16; s++, w += Q6_K_PART, out += 64) {
      const scale = d * <f32>load<i8>(w + r, 96);
      for (let b: usize = 0; b < 4; b++) {
        const p = w + laneOffset(r) + b;
        const u = <u32>load<u8>(p), v = <u32>load<u8>(p, 32), x = <u32>load<u8>(p, 64);
        const last = ((u >> 6) << 4) | ((v >> 6) << 2) | (x >> 6);
        store<f32>(out + 4 * b, <f32>(<i32>(u & 63) - 32) * scale);
        store<f32>(out + 4 * b, <f32>(<i32>(v & 63) - 32) * scale, 16);
        store<f32>(out + 4 * b, <f32>(<i32>(x & 63) - 32) * scale, 32);
        store<f32>(out + 4 * b, <f32>(<i32>last - 32) * scale, 48);
      }
    }
  }
}
