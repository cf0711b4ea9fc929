import { expect, test } from 'vitest';
import { createRefDevice } from '../../../kernels/ref/device.ts';
import { selectedRows } from '../../../models/tensors/receivers.ts';

test.each([1, 3, 16, 17, 40, 1000])(
  'selectedRows() keeps its rows, whatever the chunks: %d bytes',
  async (chunk) => {
    const numbers = Float32Array.from({ length: 20 * 4 }, (_, i) => i); // 20 rows of 16 bytes
    const bytes = new Uint8Array(numbers.buffer);
    const device = createRefDevice();
    const weight = device.weight('f32', 4, 4);
    const receiver = selectedRows(device, weight, Uint32Array.of(0, 7, 8, 19));
    for (let at = 0; at < bytes.length; at += chunk) receiver.push(bytes.subarray(at, at + chunk));
    await receiver.end();

    const out = device.alloc(16);
    device.embed(out, weight, Uint32Array.of(0, 1, 2, 3));
    const rows = [0, 7, 8, 19].flatMap((row) => [4 * row, 4 * row + 1, 4 * row + 2, 4 * row + 3]);
    expect([...(await device.read(out, 0, 16))]).toEqual(rows);
  },
);
