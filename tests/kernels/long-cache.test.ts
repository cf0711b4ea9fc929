/** The longest context Llama 3.2 was trained for, in one WASM memory. */
import { expect, test } from 'vitest';
import { LLAMA_1B } from '../../bench/llama-1b-layout.ts';
import type { Device } from '../../kernels/kernels.ts';
import { relaxed } from '../support/backends.ts';
import { nmse, normals } from '../support/numbers.ts';
import { roundedTo } from '../support/rounding.ts';

const { layers, hidden, ffn, heads, kvHeads, headDim, vocab, context } = LLAMA_1B;
const MAX_NMSE = 1e-8; // an f32 sum of 131,072 weights

/** A device with room taken for all matrices of Llama 3.2 1B in Q4_0. */
function deviceWith1B(): Device {
  const device = relaxed.create();
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  device.weight('q6_k', vocab, hidden);
  for (let layer = 0; layer < layers; layer++)
    for (const [rows, cols] of [
      ...[[q, hidden] as const, [kv, hidden] as const, [kv, hidden] as const, [hidden, q] as const],
      ...[[ffn, hidden] as const, [ffn, hidden] as const, [hidden, ffn] as const],
    ])
      device.weight('q4_0', rows, cols);
  return device;
}

test('131,072 positions of q8 lie beside the 1B, and the last one sees the first', async () => {
  const device = deviceWith1B();
  const kv = device.kvCache({ layers, kvHeads, headDim, capacity: context, type: 'q8' });
  const width = kvHeads * headDim;
  const q = roundedTo(32_767, normals(1, 2 * heads * headDim), headDim);

  // keys like the second row's queries, so that three positions outweigh the memory's zeros everywhere else
  const written = [0, 77_777, context - 1].map((pos, i) => {
    const key = Float32Array.from({ length: width }, (_, at) => {
      const [head, d] = [Math.floor(at / headDim), at % headDim];
      return (1.2 + 0.1 * i) * q[(heads + head * (heads / kvHeads) + i) * headDim + d]!;
    });
    return { pos, k: roundedTo(127, key, headDim), v: roundedTo(127, normals(5 + i, width), headDim) };
  });
  const upload = (x: Float32Array) => {
    const buf = device.alloc(x.length);
    device.write(buf, x);
    return buf;
  };
  for (const { pos, k, v } of written) device.kvWrite(kv, layers - 1, upload(k), upload(v), pos, 1, 0);

  const truth = Float32Array.from({ length: heads * headDim }, (_, at) => {
    const [head, d] = [Math.floor(at / headDim), at % headDim];
    const from = Math.floor(head / (heads / kvHeads)) * headDim;
    const weights = written.map(({ k }) => {
      let dot = 0;
      for (let i = 0; i < headDim; i++) dot += q[(heads + head) * headDim + i]! * k[from + i]!;
      return Math.exp(dot / Math.sqrt(headDim));
    });
    const total = weights.reduce((a, b) => a + b, context - written.length);
    return written.reduce((sum, { v }, i) => sum + weights[i]! * v[from + d]!, 0) / total;
  });

  const out = device.alloc(2 * heads * headDim);
  device.attention(out, upload(q), kv, layers - 1, context - 2, 2, 0, heads);
  const together = await device.read(out, heads * headDim, heads * headDim);
  expect(nmse(together, truth)).toBeLessThan(MAX_NMSE);

  device.attention(out, upload(q), kv, layers - 1, context - 1, 1, 1, heads);
  expect(await device.read(out, heads * headDim, heads * headDim)).toEqual(together);
});

test('as many of f16 do not, and the error says what they would take', () => {
  const shape = { layers, kvHeads, headDim, capacity: context, type: 'f16' } as const;
  expect(() => deviceWith1B().kvCache(shape)).toThrow(
    /no room for 4294967296 bytes \(131072 positions in f16\): \d+ are in use of the 4294901760 that a WASM memory can have/,
  );
  // more than 32 bits can count
  const huge = { layers: 1, kvHeads: 1, headDim: 128, capacity: 2 ** 24, type: 'f16' } as const;
  expect(() => relaxed.create().kvCache(huge)).toThrow('no room for 8589934592 bytes (16777216 positions');
});
