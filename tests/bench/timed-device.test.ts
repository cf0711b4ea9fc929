import { expect, test } from 'vitest';
import { timedDevice, type Work } from '../../bench/timed-device.ts';
import { relaxed } from '../support/backends.ts';
import { normals } from '../support/numbers.ts';

const [ROWS, COLS, M] = [16, 64, 3];

test('timedDevice gives the device its answers and tells what each op moved and computed', async () => {
  const done: Work[] = [];
  const device = timedDevice(relaxed.create(), (work, ms) => {
    expect(ms).toBeGreaterThanOrEqual(0);
    done.push(work);
  });
  const weight = device.weight('f32', ROWS, COLS);
  device.writeRows(weight, 0, new Uint8Array(normals(1, ROWS * COLS).buffer));
  const [x, out] = [device.alloc(M * COLS), device.alloc(M * ROWS)];
  device.write(x, normals(2, M * COLS));
  done.length = 0;

  device.matmul([out], [weight], x, M);
  expect(done).toEqual([{ op: 'matmul f32', bytes: 4 * ROWS * COLS, macs: M * ROWS * COLS }]);

  const plain = relaxed.create();
  const same = plain.weight('f32', ROWS, COLS);
  plain.writeRows(same, 0, new Uint8Array(normals(1, ROWS * COLS).buffer));
  const [y, expected] = [plain.alloc(M * COLS), plain.alloc(M * ROWS)];
  plain.write(y, normals(2, M * COLS));
  plain.matmul([expected], [same], y, M);
  expect(await device.read(out, 0, M * ROWS)).toEqual(await plain.read(expected, 0, M * ROWS));
});

test('attention is counted as each row sees it: all positions before, its own, and none after', () => {
  const done: Work[] = [];
  const device = timedDevice(relaxed.create(), (work) => done.push(work));
  const [layers, heads, kvHeads, headDim, capacity, pos] = [2, 4, 2, 8, 32, 5];
  const kv = device.kvCache({ layers, kvHeads, headDim, capacity, type: 'f16' });
  const [q, k, out] = [heads, kvHeads, heads].map((n) => device.alloc(M * n * headDim));
  device.kvWrite(kv, 0, k!, k!, 0, M, 0);
  device.kvWrite(kv, 0, k!, k!, 3, M, 0);
  device.kvWrite(kv, 0, k!, k!, 5, M, 0);
  device.attention(out!, q!, kv, 0, pos, M, 0, heads);

  const seen = [pos + 1, pos + 2, pos + 3].reduce((sum, positions) => sum + positions, 0);
  expect(done.at(-1)).toEqual({
    op: 'attention',
    bytes: (pos + M) * 2 * kvHeads * headDim * 2,
    macs: 2 * heads * headDim * seen,
  });
});
