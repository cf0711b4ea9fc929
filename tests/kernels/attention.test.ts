import { describe, expect, test } from 'vitest';
import type { Buf, Device, KvCache, KvType } from '../../kernels/kernels.ts';
import { dequantise, quantise } from '../../kernels/quant/dequantise.ts';
import { fast, ref } from '../support/backends.ts';
import { nmse, normals, spiked } from '../support/numbers.ts';
import { roundedTo } from '../support/rounding.ts';

const MAX_NMSE = 1e-10; // f32 against f64, with scores in the thousands
const TYPES = ['f16', 'q8'] as const;

interface Shape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

const SHAPES: (Shape & { readonly why: string })[] = [
  { heads: 8, kvHeads: 2, headDim: 64, why: 'four queries a key, as in Llama 3.2 1B' },
  { heads: 6, kvHeads: 2, headDim: 128, why: 'three, as in the 3B' },
  { heads: 3, kvHeads: 1, headDim: 64, why: 'one key head, as many models split over machines' },
  { heads: 2, kvHeads: 2, headDim: 80, why: 'one' },
  { heads: 4, kvHeads: 2, headDim: 8, why: 'two, smallest heads' },
  { heads: 16, kvHeads: 2, headDim: 64, why: 'eight' },
  { heads: 5, kvHeads: 1, headDim: 24, why: 'five, a multiple of no set of queries' },
];

/** Positions in the cache beforehand, then chunks of queries. */
const COURSES = [
  { filled: 0, chunks: [1] },
  { filled: 0, chunks: [5] },
  { filled: 0, chunks: [33, 1, 1] },
  { filled: 0, chunks: [31, 2, 40] },
  { filled: 7, chunks: [64, 1, 7] },
  { filled: 1027, chunks: [1, 3] },
];

const upload = (device: Device, x: Float32Array): Buf => {
  const buf = device.alloc(x.length);
  device.write(buf, x);
  return buf;
};

/** Keys, values and queries of `count` positions from `pos` on, which the kernels hold exactly. */
function drawn(type: KvType, { heads, kvHeads, headDim }: Shape, pos: number, count: number) {
  const kept = (seed: number, x = spiked(seed + pos, count * kvHeads * headDim)) =>
    type === 'q8' ? roundedTo(127, x, headDim) : dequantise('f16', quantise('f16', x), x.length);
  const q = spiked(3000 + pos, count * heads * headDim);
  return { k: kept(1000), v: kept(2000), q: type === 'q8' ? roundedTo(32_767, q, headDim) : q };
}

/** Writes and attends chunk by chunk. Returns the outputs of all chunks; those of `filled` are not asked for. */
async function run(device: Device, type: KvType, shape: Shape, filled: number, chunks: readonly number[]) {
  const { heads, kvHeads, headDim } = shape;
  const total = filled + chunks.reduce((a, b) => a + b, 0);
  const kv = device.kvCache({ layers: 2, kvHeads, headDim, capacity: total + 3, type });
  const { k, v, q } = drawn(type, shape, 0, total);
  const [keys, values, queries] = [upload(device, k), upload(device, v), upload(device, q)];
  const out = upload(device, new Float32Array(total * heads * headDim));
  if (filled > 0) device.kvWrite(kv, 1, keys, values, 0, filled, 0);
  let pos = filled;
  for (const m of chunks) {
    device.kvWrite(kv, 1, keys, values, pos, m, pos);
    device.attention(out, queries, kv, 1, pos, m, pos, heads);
    pos += m;
  }
  return device.read(out, filled * heads * headDim, (total - filled) * heads * headDim);
}

describe.each(fast)('attention on $name', ({ create }) => {
  describe.each(TYPES)('over a %s cache', (type) => {
    test.each(SHAPES)('matches ref at $heads heads over $kvHeads of $headDim ($why)', async (shape) => {
      for (const { filled, chunks } of COURSES) {
        const [actual, truth] = [create(), ref.create()].map((device) =>
          run(device, type, shape, filled, chunks),
        );
        expect(nmse(await actual!, await truth!), `${chunks} after ${filled}`).toBeLessThan(MAX_NMSE);
      }
    });

    test.each(SHAPES)('gives a row the same bits alone and in a chunk: $why', async (shape) => {
      const alone = await run(create(), type, shape, 29, Array(41).fill(1));
      for (const chunks of [[41], [2, 39], [8, 1, 32]])
        expect(await run(create(), type, shape, 29, chunks)).toEqual(alone);
    });

    test('reads nothing past the filled positions', async () => {
      const shape = { heads: 4, kvHeads: 1, headDim: 64 };
      const clean = await run(create(), type, shape, 0, [11, 1, 1]);
      const device = create();
      device.free(upload(device, new Float32Array(1e5).fill(Number.NaN))); // memory the cache will get
      expect(await run(device, type, shape, 0, [11, 1, 1])).toEqual(clean);
    });

    test('does not overflow on large scores', async () => {
      const scaled = async (device: Device) => {
        const kv = device.kvCache({ layers: 1, kvHeads: 1, headDim: 32, capacity: 6, type });
        const rows = (seed: number, scale: number) =>
          upload(
            device,
            normals(seed, 6 * 32).map((x) => x * scale),
          );
        device.kvWrite(kv, 0, rows(3, 100), rows(4, 1), 0, 6, 0);
        const out = device.alloc(6 * 32);
        device.attention(out, rows(5, 100), kv, 0, 0, 6, 0, 1);
        return device.read(out, 0, 6 * 32);
      };
      expect(nmse(await scaled(create()), await scaled(ref.create()))).toBeLessThan(
        { f16: 1e-5, q8: 1e-3 }[type],
      );
    });

    test('weighs 70,000 equal scores equally', async () => {
      const capacity = 70_000; // more than the largest f16 of them
      const device = create();
      const kv: KvCache = device.kvCache({ layers: 1, kvHeads: 1, headDim: 8, capacity, type });
      const values = upload(
        device,
        Float32Array.from({ length: capacity * 8 }, (_, i) => (i >> 3) % 2),
      );
      device.kvWrite(kv, 0, values, values, 0, capacity, 0);
      const out = device.alloc(8);
      device.attention(out, upload(device, new Float32Array(8)), kv, 0, capacity - 1, 1, 0, 1);
      for (const x of await device.read(out, 0, 8)) expect(x).toBeCloseTo(0.5, 4);
    });
  });
});
