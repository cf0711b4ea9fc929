import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../../kernels/errors.ts';
import { dequantise, quantise } from '../../../kernels/quant/dequantise.ts';
import { QUANT, type QuantType, rowBytes } from '../../../kernels/quant/types.ts';

const TYPES = Object.keys(QUANT) as QuantType[];

interface Golden {
  readonly decode: Record<string, { bytes: string; values: string }>;
  readonly encode: Record<string, { bytes: string; values: string }>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../golden/quant.json', import.meta.url), 'utf8'),
) as Golden;

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const floatsOf = (base64: string) => new Float32Array(bytesOf(base64).buffer);

/** One block, from [offset, byte] pairs; the rest is zero. */
function block(type: QuantType, ...set: [number, number][]): Uint8Array {
  const bytes = new Uint8Array(QUANT[type].blockBytes);
  for (const [at, byte] of set) bytes[at] = byte;
  return bytes;
}

/** Deterministic, roughly bell-shaped numbers around zero, with one spike in every 97. */
function weights(count: number): Float32Array {
  let state = 12345;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, (_, i) => {
    const bell = (uniform() + uniform() + uniform() + uniform() - 2) / 10;
    return i % 97 === 0 ? 5 * bell : bell;
  });
}

describe('formats', () => {
  // ggml-common.h static_asserts, in halves and bytes
  test.each([
    ['f32', 1, 4],
    ['f16', 1, 2],
    ['bf16', 1, 2],
    ['q4_0', 32, 2 + 16],
    ['q4_1', 32, 4 + 16],
    ['q5_0', 32, 2 + 4 + 16],
    ['q5_1', 32, 4 + 4 + 16],
    ['q8_0', 32, 2 + 32],
    ['q4_k', 256, 4 + 12 + 128],
    ['q5_k', 256, 4 + 12 + 32 + 128],
    ['q6_k', 256, 128 + 64 + 16 + 2],
  ] as const)('%s holds %i weights in %i bytes', (type, blockSize, blockBytes) => {
    expect(QUANT[type]).toEqual({ blockSize, blockBytes });
    expect(rowBytes(type, 2 * blockSize)).toBe(2 * blockBytes);
    expect(quantise(type, new Float32Array(2 * blockSize)).length).toBe(2 * blockBytes);
  });
});

describe('dequantise, by hand', () => {
  const HALF_OF_2 = 0x40; // upper byte of 2.0 as f16, 0x4000
  const HALF_OF_1 = 0x3c; // upper byte of 1.0 as f16, 0x3c00

  test('q4_0: byte j holds weights j and j+16, both from -8', () => {
    const y = dequantise('q4_0', block('q4_0', [1, HALF_OF_2], [2 + 3, 0xf1]), 32);
    expect([y[3], y[19], y[0]]).toEqual([2 * (1 - 8), 2 * (15 - 8), 2 * -8]);
  });

  test('q4_1: adds the minimum', () => {
    const y = dequantise('q4_1', block('q4_1', [1, HALF_OF_2], [3, HALF_OF_1], [4 + 3, 0xf1]), 32);
    expect([y[3], y[19], y[0]]).toEqual([2 * 1 + 1, 2 * 15 + 1, 1]);
  });

  test('q5_0: bit j of the u32 is the fifth bit of weight j', () => {
    const y = dequantise(
      'q5_0',
      block('q5_0', [1, HALF_OF_1], [2, 1 << 3], [2 + 2, 1 << 4], [6 + 3, 0x21]),
      32,
    );
    expect([y[3], y[19], y[20], y[0]]).toEqual([17 - 16, 2 - 16, 16 - 16, -16]);
  });

  test('q5_1: the same bits, and a minimum', () => {
    const set: [number, number][] = [
      [1, HALF_OF_1],
      [3, HALF_OF_2],
      [4, 1 << 3],
      [8 + 3, 0x21],
    ];
    const y = dequantise('q5_1', block('q5_1', ...set), 32);
    expect([y[3], y[19], y[0]]).toEqual([17 + 2, 2 + 2, 2]);
  });

  test('q8_0: signed bytes', () => {
    const y = dequantise('q8_0', block('q8_0', [1, HALF_OF_2], [2, 127], [3, 128], [4, 255]), 32);
    expect([...y.slice(0, 4)]).toEqual([254, -256, -2, 0]);
  });

  test('q4_k: sub-blocks 1 and 6, whose scales are packed in the two different ways', () => {
    const set: [number, number][] = [
      [1, HALF_OF_1], // d
      [3, HALF_OF_2], // dmin
      [4 + 1, 33], // scale 1
      [4 + 5, 7], // min 1
      [4 + 2, 0b10 << 6], // scale 6, upper bits: 32
      [4 + 6, 0b01 << 6], // min 6, upper bits: 16
      [4 + 10, 0x53], // scale 6 low 3, min 6 low 5
      [16 + 4, 0xa0], // sub-block 1, weight 4
      [16 + 96 + 9, 0x0b], // sub-block 6, weight 9
    ];
    const y = dequantise('q4_k', block('q4_k', ...set), 256);
    expect(y[32 + 4]).toBe(33 * 10 - 2 * 7);
    expect(y[6 * 32 + 9]).toBe(35 * 11 - 2 * 21);
  });

  test('q5_k: bit j of byte l is the fifth bit of weight l in sub-block j', () => {
    const set: [number, number][] = [
      [1, HALF_OF_1],
      [3, HALF_OF_2],
      [4 + 1, 33],
      [4 + 5, 7],
      [16 + 4, 1 << 1],
      [48 + 4, 0xa0],
    ];
    const y = dequantise('q5_k', block('q5_k', ...set), 256);
    expect(y[32 + 4]).toBe(33 * 26 - 2 * 7);
    expect(y[32 + 5]).toBe(-2 * 7);
  });

  test('q6_k: runs of 32 share low bytes, and d is last', () => {
    const set: [number, number][] = [
      [64 + 32 + 5, 0xe0], // second half, run 3, weight 5: low nibble 14
      [128 + 32 + 5, 0b01 << 6], // and its upper bits: 16
      [192 + 8 + 6, 0xfe], // scale of weights 224 … 239: -2
      [209, HALF_OF_2],
    ];
    const y = dequantise('q6_k', block('q6_k', ...set), 256);
    expect(y[128 + 96 + 5]).toBe(2 * -2 * (30 - 32));
    expect(y[128 + 96 + 6]).toBe(2 * -2 * -32);
  });
});

describe('against the gguf package', () => {
  test('the golden file covers every format but f32', () => {
    expect(Object.keys(golden.decode).sort()).toEqual(TYPES.filter((type) => type !== 'f32').sort());
  });

  test.each(Object.keys(golden.decode) as QuantType[])('dequantise %s gives the same bits', (type) => {
    const { bytes, values } = golden.decode[type]!;
    const expected = floatsOf(values);
    const actual = dequantise(type, bytesOf(bytes), expected.length);
    expect(new Uint32Array(actual.buffer)).toEqual(new Uint32Array(expected.buffer));
  });

  test.each(Object.keys(golden.encode) as QuantType[])('quantise %s gives the same bytes', (type) => {
    const { bytes, values } = golden.encode[type]!;
    expect(quantise(type, floatsOf(values))).toEqual(bytesOf(bytes));
  });
});

describe('round trips', () => {
  const x = weights(8 * 256);
  const nmse = (y: Float32Array) => {
    let error = 0;
    let power = 0;
    for (let i = 0; i < x.length; i++) {
      error += (x[i]! - y[i]!) ** 2;
      power += x[i]! ** 2;
    }
    return error / power;
  };

  // Each bound is about a tenth above what the format does on these weights; one bit lost would be a factor of four.
  test.each([
    ['f32', 0],
    ['f16', 5e-8],
    ['bf16', 3e-6],
    ['q4_0', 1.8e-2],
    ['q4_1', 9.5e-3],
    ['q5_0', 3.9e-3],
    ['q5_1', 2.1e-3],
    ['q8_0', 6.6e-5],
    ['q4_k', 9.5e-3],
    ['q5_k', 2.2e-3],
    ['q6_k', 6e-4],
  ] as const)('%s keeps the normalised squared error under %d', (type, limit) => {
    expect(nmse(dequantise(type, quantise(type, x), x.length))).toBeLessThanOrEqual(limit);
  });

  test.each(TYPES)('%s keeps zeros zero', (type) => {
    const zeros = new Float32Array(256);
    expect(dequantise(type, quantise(type, zeros), 256).every((y) => y === 0)).toBe(true);
  });

  test.each(TYPES)('%s survives blocks of one sign', (type) => {
    for (const sign of [1, -1]) {
      const values = Float32Array.from({ length: 256 }, (_, i) => sign * (1 + (i % 16) / 16));
      const back = dequantise(type, quantise(type, values), 256);
      expect(Math.max(...back.map((y, i) => Math.abs(y - values[i]!)))).toBeLessThan(0.15);
    }
  });
});

test('dequantise reads bytes that start anywhere', () => {
  const bytes = new Uint8Array(1 + 8);
  bytes.set(quantise('f32', new Float32Array([1.5, -2])), 1);
  expect([...dequantise('f32', bytes.subarray(1), 2)]).toEqual([1.5, -2]);
});

test('dequantise and quantise refuse what is not whole blocks', () => {
  expect(() => dequantise('q4_0', new Uint8Array(18), 31)).toThrow(ShapeError);
  expect(() => quantise('q4_k', new Float32Array(32))).toThrow('32 weights are not whole blocks of q4_k');
  expect(() => dequantise('q4_0', new Uint8Array(19), 32)).toThrow(
    '32 weights of q4_0 take 18 bytes, got 19',
  );
});
