import { describe, expect, test } from 'vitest';
import type { Device } from '../../kernels/kernels.ts';
import { quantise } from '../../kernels/quant/dequantise.ts';
import { QUANT, type QuantType } from '../../kernels/quant/types.ts';
import { fast, ref, relaxed, simd } from '../support/backends.ts';
import { nmse, normals, spiked } from '../support/numbers.ts';
import { roundedToInt8 } from '../support/rounding.ts';

const MAX_NMSE = 1e-11; // f32 sums of at most 2048 terms against f64, on the same int8 activations
const MAX_NMSE_INT8 = 3e-3; // rounding to int8 with a spike of 40 in a block: (40 / 127)² / 12 of a plain number
const MAX_NMSE_PLAIN = 1e-12; // relaxed against plain SIMD: only fused multiply-adds differ

const UNTOUCHED = 1234;

const types = Object.keys(QUANT) as QuantType[];
const floats: readonly QuantType[] = ['f32', 'f16', 'bf16'];

const shapes = [
  { m: 1, rows: 64, cols: 2048, why: 'decoding, the width of Llama 3.2 1B' },
  { m: 1, rows: 13, cols: 256, why: 'rows that fill no group' },
  { m: 2, rows: 24, cols: 512, why: 'the smallest batch' },
  { m: 7, rows: 21, cols: 768, why: 'a multiple of nothing' },
  { m: 33, rows: 16, cols: 512, why: 'a prefill chunk with one row over' },
];

function weightBytes(type: QuantType, rows: number, cols: number): Uint8Array {
  const values = normals(rows + cols, rows * cols).map((x, i) => (i % 251 === 7 ? 12 * x : x) * 0.05);
  return quantise(type, values);
}

async function run(device: Device, type: QuantType, w: Uint8Array, x: Float32Array, m: number, rows: number) {
  const cols = x.length / m;
  const weight = device.weight(type, rows, cols);
  device.writeRows(weight, 0, w);
  const [input, out] = [device.alloc(x.length), device.alloc((m + 4) * rows)];
  device.write(input, x);
  device.write(out, new Float32Array(out.length).fill(UNTOUCHED));
  device.matmul([out], [weight], input, m);
  const past = await device.read(out, m * rows, 4 * rows);
  expect(
    past.every((value) => value === UNTOUCHED),
    'writes past its rows',
  ).toBe(true);
  return device.read(out, 0, m * rows);
}

describe.each(fast)('matmul on $name', ({ create }) => {
  describe.each(types)('%s', (type) => {
    test.each(shapes)('matches ref at $m × $cols → $rows ($why)', async ({ m, rows, cols }) => {
      const w = weightBytes(type, rows, cols);
      const x = spiked(m, m * cols);
      const actual = await run(create(), type, w, x, m, rows);

      const seen = floats.includes(type) ? x : roundedToInt8(x);
      expect(nmse(actual, await run(ref.create(), type, w, seen, m, rows))).toBeLessThan(MAX_NMSE);
      expect(nmse(actual, await run(ref.create(), type, w, x, m, rows))).toBeLessThan(MAX_NMSE_INT8);
    });

    test('gives a row the same numbers alone and in company', async () => {
      const [rows, cols, m] = [40, 512, 6];
      const w = weightBytes(type, rows, cols);
      const x = spiked(3, m * cols);
      const together = await run(create(), type, w, x, m, rows);
      for (let i = 0; i < m; i++) {
        const alone = await run(create(), type, w, x.slice(i * cols, (i + 1) * cols), 1, rows);
        expect([...alone]).toEqual([...together.slice(i * rows, (i + 1) * rows)]);
      }
    });

    test('embed gives the rows that were packed', async () => {
      const [rows, cols] = [21, 512];
      const w = weightBytes(type, rows, cols);
      const ids = Uint32Array.of(20, 0, 7, 8, 8);
      const results = await Promise.all(
        [create(), ref.create()].map((device) => {
          const weight = device.weight(type, rows, cols);
          device.writeRows(weight, 0, w.subarray(0, (w.length / rows) * 16));
          device.writeRows(weight, 16, w.subarray((w.length / rows) * 16));
          const out = device.alloc(ids.length * cols);
          device.embed(out, weight, ids);
          return device.read(out, 0, ids.length * cols);
        }),
      );
      expect(nmse(results[0]!, results[1]!)).toBeLessThan(1e-14);
    });
  });

  test('extreme nibbles and activations do not overflow the i16 sums', async () => {
    for (const type of ['q4_0', 'q4_1', 'q6_k', 'q8_0', 'q4_k'] as const) {
      const [rows, cols] = [8, 256];
      for (const sign of [1, -1]) {
        const w = quantise(
          type,
          Float32Array.from({ length: rows * cols }, (_, i) => (i % 2 ? 1 : -1) * sign),
        );
        const x = Float32Array.from({ length: cols }, (_, i) => (i % 2 ? 1 : -1));
        const actual = await run(create(), type, w, x, 1, rows);
        const truth = await run(ref.create(), type, w, x, 1, rows);
        expect(nmse(actual, truth), type).toBeLessThan(MAX_NMSE);
        expect(
          nmse(await run(create(), type, w, new Float32Array([...x, ...x]), 2, rows), [...truth, ...truth]),
        ).toBeLessThan(MAX_NMSE);
      }
    }
  });

  test.each(types)('scales too small for a normal half keep their worth: %s', async (type) => {
    const [rows, cols] = [16, 256];
    const w = quantise(
      type,
      normals(4, rows * cols).map((x) => x * 2e-5),
    );
    const x = normals(5, 2 * cols);
    const seen = floats.includes(type) ? x : roundedToInt8(x);
    const truth = await run(ref.create(), type, w, seen, 2, rows);
    expect(nmse(await run(create(), type, w, x, 2, rows), truth)).toBeLessThan(MAX_NMSE);
    expect(nmse(await run(create(), type, w, x.slice(0, cols), 1, rows), truth.slice(0, rows))).toBeLessThan(
      MAX_NMSE,
    );
  });

  test('several matrices of different types share one input', async () => {
    const device = create();
    const cols = 256;
    const x = spiked(9, cols);
    const input = device.alloc(cols);
    device.write(input, x);
    const weights = types.map((type) => {
      const weight = device.weight(type, 16, cols);
      device.writeRows(weight, 0, weightBytes(type, 16, cols));
      return weight;
    });
    const outs = weights.map(() => device.alloc(16));
    device.matmul(outs, weights, input, 1);
    for (const [i, type] of types.entries()) {
      const alone = await run(create(), type, weightBytes(type, 16, cols), x, 1, 16);
      expect([...(await device.read(outs[i]!, 0, 16))], type).toEqual([...alone]);
    }
  });
});

test.each(types)('relaxed and plain SIMD agree on %s', async (type) => {
  const w = weightBytes(type, 32, 512);
  const x = spiked(5, 3 * 512);
  const [a, b] = [
    await run(relaxed.create(), type, w, x, 3, 32),
    await run(simd.create(), type, w, x, 3, 32),
  ];
  expect(nmse(a, b)).toBeLessThan(MAX_NMSE_PLAIN);
});

test('writeRows refuses half a group in the middle', () => {
  const device = relaxed.create();
  const weight = device.weight('q8_0', 32, 64);
  expect(() => device.writeRows(weight, 4, new Uint8Array(8 * 68))).toThrow(
    'writeRows: 544 bytes at row 4 of 32 × 64 q8_0',
  );
});
