/** Packed weights leave one device and enter another. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { quantise } from '../../kernels/quant/dequantise.ts';
import { QUANT, type QuantType } from '../../kernels/quant/types.ts';
import { fast, ref, relaxed, simd } from '../support/backends.ts';
import { normals } from '../support/numbers.ts';

const types = Object.keys(QUANT) as QuantType[];
const [ROWS, COLS] = [21, 512]; // two groups and five rows

const rowsOf = (type: QuantType) => quantise(type, normals(3, ROWS * COLS));

async function pack(backend: typeof ref, type: QuantType): Promise<Uint8Array> {
  const device = backend.create();
  const weight = device.weight(type, ROWS, COLS);
  device.writeRows(weight, 0, rowsOf(type));
  return device.readPacked(weight, 0, weight.bytes);
}

describe.each([ref, ...fast])('packed weights on $name', ({ name, create }) => {
  test.each(types)('are the same weights elsewhere, written in pieces: %s', async (type) => {
    const packed = await pack({ name, create }, type);
    const device = create();
    const weight = device.weight(type, ROWS, COLS);
    expect(weight.bytes).toBe(packed.length);
    expect(device.packedBytes(type, ROWS, COLS)).toBe(packed.length);
    for (let at = 0; at < packed.length; at += 1000)
      device.writePacked(weight, at, packed.subarray(at, at + 1000));
    expect(Buffer.compare(await device.readPacked(weight, 0, weight.bytes), packed)).toBe(0);

    const rows = device.weight(type, ROWS, COLS);
    device.writeRows(rows, 0, rowsOf(type));
    const ids = Uint32Array.from({ length: ROWS }, (_, row) => row);
    const [a, b] = [device.alloc(ROWS * COLS), device.alloc(ROWS * COLS)];
    device.embed(a, weight, ids);
    device.embed(b, rows, ids);
    expect(await device.read(a, 0, ROWS * COLS)).toEqual(await device.read(b, 0, ROWS * COLS));
  });

  test('stay inside their weight', async () => {
    const device = create();
    const weight = device.weight('q8_0', 8, 32);
    const { bytes } = weight;
    expect(() => device.writePacked(weight, bytes - 3, new Uint8Array(4))).toThrow(
      `4 packed bytes at ${bytes - 3} of ${bytes}`,
    );
    expect(() => device.writePacked(weight, -4, new Uint8Array(4))).toThrow('4 packed bytes at -4');
    await expect(device.readPacked(weight, 0, bytes + 1)).rejects.toThrow(`${bytes + 1} packed bytes at 0`);
  });
});

/** Fails when a layout changes: then give PACKED_LAYOUT in kernels/wasm/layouts.ts its next number, and this its hash. */
test.each([relaxed, simd])('the layout that a name stands for does not change: $name', async (backend) => {
  const sha256 = createHash('sha256');
  for (const type of types) sha256.update(await pack(backend, type));
  expect({ [backend.create().layout]: sha256.digest('hex') }).toEqual({
    'wasm-8x32/1': '43ef3ded08e3afdc53422a30b96dae7fde1fb24f83b7f956ebc92e6b6cdb776f',
  });
});
