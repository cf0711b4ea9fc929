import { describe, expect, test } from 'vitest';
import { type Device, EXP_SUMS_ERROR, type KvCache, SUM_STRETCH } from '../../kernels/kernels.ts';
import { fast, ref } from '../support/backends.ts';
import { nmse, normals, spiked } from '../support/numbers.ts';

const MAX_NMSE = 1e-12; // f32 against f64

const upload = (device: Device, x: Float32Array) => {
  const buf = device.alloc(x.length);
  device.write(buf, x);
  return buf;
};

/** Runs one body on a backend and on ref and compares what both read back. */
async function judge(
  create: () => Device,
  body: (device: Device) => Promise<Float32Array>,
  limit = MAX_NMSE,
) {
  expect(nmse(await body(create()), await body(ref.create()))).toBeLessThan(limit);
}

describe.each(fast)('$name', ({ create }) => {
  test.each([
    { m: 1, dim: 2048, why: 'Llama 3.2 1B' },
    { m: 5, dim: 3072, why: '3B, a short prefill' },
    { m: 1, dim: 4, why: 'smallest' },
    { m: 3, dim: 68, why: 'a multiple of no unrolling' },
  ])('rmsNorm matches ref at $m × $dim ($why)', ({ m, dim }) =>
    judge(create, async (device) => {
      const out = device.alloc(m * dim);
      device.rmsNorm(out, upload(device, spiked(1, m * dim)), upload(device, normals(2, dim)), m, dim, 1e-5);
      return device.read(out, 0, m * dim);
    }),
  );

  test.each([
    { m: 1, heads: 32, headDim: 64 },
    { m: 3, heads: 5, headDim: 128 },
    { m: 2, heads: 1, headDim: 4 },
  ])('rope matches ref at $m × $heads × $headDim', ({ m, heads, headDim }) =>
    judge(create, async (device) => {
      const x = upload(device, spiked(3, m * heads * headDim));
      const angles = normals(4, (m * headDim) / 2);
      const table = [...angles].flatMap((a) => [Math.cos(a), Math.sin(a)]);
      device.rope(x, upload(device, Float32Array.from(table)), m, heads, headDim);
      return device.read(x, 0, m * heads * headDim);
    }),
  );

  test('siluMul and add match ref, far out on both sides', () =>
    judge(create, async (device) => {
      const n = 1024;
      const gate = upload(
        device,
        spiked(6, n).map((x) => 3 * x),
      );
      const up = upload(device, normals(7, n));
      device.siluMul(gate, up, n);
      device.add(gate, up, n);
      return device.read(gate, 0, n);
    }));

  test.each([1, 4, 40, 256])('topK finds the %i largest, ties to the lower id, NaN never', async (k) => {
    const x = normals(8, 2 * 1003).map((v) => Math.round(v * 20));
    x[1003] = Number.NaN;
    x[1500] = Number.NaN;
    const run = async (device: Device) => device.topK(upload(device, x), 1, 1003, k);
    const [actual, truth] = [await run(create()), await run(ref.create())];
    expect([...actual.ids]).toEqual([...truth.ids]);
    expect([...actual.values]).toEqual([...truth.values]);
  });

  test.each([
    { n: 1003, spread: 1, scale: 1, why: 'no whole number of stretches' },
    { n: 128_256, spread: 3, scale: 1 / 0.7, why: "Llama 3's vocabulary" },
    { n: 128_256, spread: 0.01, scale: 1, why: 'a flat one' },
    { n: 4096, spread: 30, scale: 100, why: 'one token has it all' },
  ])('expSums is as near to ref as it says, over $n numbers ($why)', async ({ n, spread, scale }) => {
    const x = normals(9, 2 * n).map((v) => v * spread);
    x[n + 5] = -Infinity;
    const run = (device: Device) => device.expSums(upload(device, x), 1, n, scale);
    const [actual, truth] = [await run(create()), await run(ref.create())];
    expect(actual.max).toBe(truth.max);
    expect(actual.sums).toHaveLength(Math.ceil(n / SUM_STRETCH));

    const total = truth.sums.reduce((sum, weight) => sum + weight, 0);
    let off = 0;
    for (const [i, sum] of actual.sums.entries()) {
      off += sum - truth.sums[i]!;
      expect(Math.abs(off)).toBeLessThan(EXP_SUMS_ERROR * total);
    }
  });

  test.each([0, 17, 1002])('expSums tells of a NaN at %i', async (at) => {
    const device = create();
    const x = normals(10, 1003);
    x[at] = Number.NaN;
    expect((await device.expSums(upload(device, x), 0, 1003, 1)).max).toBeNaN();
  });

  test('gather and scatter reach the numbers of one row', async () => {
    const device = create();
    const x = upload(device, Float32Array.of(1, 2, 3, 4, 5, 6));
    expect([...(await device.gather(x, 1, 3, [2, 0]))]).toEqual([6, 4]);
    device.scatter(x, 1, 3, [2, 0], Float32Array.of(-6, -4));
    expect([...(await device.read(x, 0, 6))]).toEqual([1, 2, 3, -4, 5, -6]);
  });

  test('copyRow moves one row', async () => {
    const device = create();
    const [to, from] = [
      upload(device, new Float32Array(6)),
      upload(device, Float32Array.of(1, 2, 3, 4, 5, 6)),
    ];
    device.copyRow(to, 1, from, 2, 2);
    expect([...(await device.read(to, 0, 6))]).toEqual([0, 0, 5, 6, 0, 0]);
  });

  test('free gives memory back and joins neighbours', () => {
    const device = create();
    const before = device.bytesInUse;
    const things = Array.from({ length: 50 }, (_, i) => device.alloc(1000 * (i + 1)));
    for (const i of [3, 1, 2, 49, 0]) device.free(things[i]!);
    for (const [i, thing] of things.entries()) if (![3, 1, 2, 49, 0].includes(i)) device.free(thing);
    expect(device.bytesInUse).toBe(before);
    device.free(device.alloc(1_200_000)); // fits only where the fifty were, joined
    expect(() => device.free(things[0]!)).toThrow('nothing to free');
  });

  test('ops name the argument whose length is wrong', () => {
    const device = create();
    const two = device.alloc(2);
    expect(() => device.rmsNorm(two, two, two, 1, 3, 1e-5)).toThrow(
      'rmsNorm: x has 2 elements, its shape needs 3',
    );
  });

  test('a request past 4 GiB is a DeviceError that leaves the device usable', () => {
    const device = create();
    expect(() => device.weight('f32', 40_000, 40_000)).toThrow(/no room for 6400000000 bytes/);
    expect(device.alloc(8).length).toBe(8);
  });
});

test('ref matches numbers worked by hand', async () => {
  const device = ref.create();
  const out = device.alloc(2);
  device.rmsNorm(out, upload(device, Float32Array.of(3, 4)), upload(device, Float32Array.of(1, 2)), 1, 2, 0);
  const rms = Math.sqrt(12.5);
  expect([...(await device.read(out, 0, 2))]).toEqual([Math.fround(3 / rms), Math.fround(8 / rms)]);

  const turned = upload(device, Float32Array.of(1, 0, 0, 2));
  device.rope(turned, upload(device, Float32Array.of(0, 1, 0, 1)), 1, 1, 4); // a quarter turn
  expect([...(await device.read(turned, 0, 4))]).toEqual([0, 1, -2, 0]);

  const kv = device.kvCache({ layers: 1, kvHeads: 1, headDim: 1, capacity: 2, type: 'f16' });
  device.kvWrite(
    kv,
    0,
    upload(device, Float32Array.of(0, Math.log(3))),
    upload(device, Float32Array.of(4, 8)),
    0,
    2,
    0,
  );
  const mixed = device.alloc(2);
  device.attention(mixed, upload(device, Float32Array.of(1, 1)), kv, 0, 0, 2, 0, 1);
  expect([...(await device.read(mixed, 0, 2))]).toEqual([4, 7]); // 4 alone, then 1/4 · 4 + 3/4 · 8
});

describe.each([...fast, ref])('$name', ({ create }) => {
  const heads = 4;
  const headDim = 24;

  /** Writes positions pos … pos+m-1 of both layers, then asks what each layer's last position sees. */
  async function extend(device: Device, kv: KvCache, pos: number, m: number): Promise<number[]> {
    const fill = (seed: number, n: number) => upload(device, normals(seed + pos, m * n * headDim));
    const [q, k, v] = [fill(1, heads), fill(1000, 2), fill(2000, 2)];
    const seen: number[] = [];
    for (const layer of [0, 1]) {
      const out = upload(device, new Float32Array(m * heads * headDim));
      device.kvWrite(kv, layer, k, v, pos, m, 0);
      device.attention(out, q, kv, layer, pos, m, 0, heads);
      seen.push(...(await device.read(out, 0, m * heads * headDim)));
    }
    return seen;
  }

  test.each([
    { type: 'f16', from: 80, to: 96 },
    { type: 'f16', from: 80, to: 41 },
    { type: 'q8', from: 80, to: 96 },
    { type: 'q8', from: 80, to: 41 },
  ] as const)(
    'kvCopy to $to positions leaves a $type cache that goes on as the first does',
    async (sizes) => {
      const device = create();
      const shape = { layers: 2, kvHeads: 2, headDim, type: sizes.type };
      const from = device.kvCache({ ...shape, capacity: sizes.from });
      const to = device.kvCache({ ...shape, capacity: sizes.to });
      await extend(device, to, 1, 40); // other numbers: what was there before must not show
      await extend(device, from, 0, 60);
      device.kvCopy(to, from, 37);
      const copied = await extend(device, to, 37, 4);
      expect(copied).toEqual(await extend(device, from, 37, 4));
      expect(copied.every(Number.isFinite)).toBe(true);
    },
  );

  test('kvCopy refuses what does not fit', () => {
    const device = create();
    const cache = (capacity: number, kvHeads = 1) =>
      device.kvCache({ layers: 1, kvHeads, headDim: 8, capacity, type: 'f16' });
    expect(() => device.kvCopy(cache(8), cache(16), 9)).toThrow('kvCopy: 9 positions from 16 to 8');
    expect(() => device.kvCopy(cache(16), cache(8), 9)).toThrow('kvCopy: 9 positions from 8 to 16');
    expect(() => device.kvCopy(cache(8, 2), cache(8), 1)).toThrow('differ in more than their capacity');
  });
});
