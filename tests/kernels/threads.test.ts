import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import type { Device } from '../../kernels/kernels.ts';
import { quantise } from '../../kernels/quant/dequantise.ts';
import { QUANT, type QuantType } from '../../kernels/quant/types.ts';
import { Board, createWords } from '../../kernels/wasm/board.ts';
import { MEMORY_LIMITS } from '../../kernels/wasm/memory.ts';
import { withSharedMemory } from '../../kernels/wasm/shared-memory.ts';
import type { ThreadStart } from '../../kernels/wasm/thread.ts';
import { createThreadedWasmDevice } from '../../kernels/wasm/threads.ts';
import { relaxed } from '../support/backends.ts';
import { normals, spiked } from '../support/numbers.ts';

const bytes = (file: string) => readFileSync(new URL(`../../kernels/wasm/${file}`, import.meta.url));
const module = new WebAssembly.Module(withSharedMemory(bytes('kernels-relaxed.wasm')));
const ENTRY = new URL('../../lambda/kernel-thread.ts', import.meta.url);

const ends: Promise<unknown>[] = [];
const spawn = (start: ThreadStart) => {
  ends.push(once(new Worker(ENTRY, { workerData: start }), 'exit'));
};
const createDevice = (threads: number) =>
  createThreadedWasmDevice({ module, name: `${threads} threads`, threads, spawn });

const devices = [2, 3, 5].map(createDevice);
afterAll(async () => {
  for (const device of devices) device[Symbol.dispose]();
  expect(await Promise.all(ends), 'threads that were sent home').toEqual(ends.map(() => [0]));
});

const upload = (device: Device, x: Float32Array) => {
  const buf = device.alloc(x.length);
  device.write(buf, x);
  return buf;
};

/** Runs one body on one thread and on each team, some times over: a race need not show at once. */
async function sameOnAll(body: (device: Device) => Promise<Float32Array>): Promise<void> {
  const alone = Buffer.from((await body(relaxed.create())).buffer);
  for (const device of devices)
    for (let round = 0; round < 5; round++)
      expect(Buffer.from((await body(device)).buffer).equals(alone), device.name).toBe(true);
}

/** Asks so often that sleeping threads wake up and take part in the last. */
function repeatedly(op: () => void): void {
  for (let i = 0; i < 20; i++) op();
}

describe('a team gives the bits of one thread', () => {
  test.each(Object.keys(QUANT) as QuantType[])('matmul, %s', async (type) => {
    for (const [m, rows, cols] of [
      [1, 1003, 512], // rows that fill neither a group nor a grain
      [2, 531, 256],
      [7, 264, 768],
      [33, 77, 512],
    ] as const) {
      const w = quantise(type, normals(rows, rows * cols));
      const x = spiked(m, m * cols);
      await sameOnAll(async (device) => {
        const weight = device.weight(type, rows, cols);
        device.writeRows(weight, 0, w);
        const [input, out] = [upload(device, x), device.alloc(m * rows)];
        repeatedly(() => device.matmul([out], [weight], input, m));
        const result = await device.read(out, 0, m * rows);
        for (const thing of [weight, input, out]) device.free(thing);
        return result;
      });
    }
  });

  test.each(['f16', 'q8'] as const)('attention, %s', async (type) => {
    for (const [heads, kvHeads, headDim, m] of [
      [32, 8, 64, 1],
      [9, 3, 64, 37],
      [8, 1, 128, 2],
    ] as const)
      await sameOnAll(async (device) => {
        const kv = device.kvCache({ layers: 1, kvHeads, headDim, capacity: 300, type });
        const fill = (seed: number, n: number) => upload(device, spiked(seed, n * headDim));
        const [k, v, q] = [fill(1, 250 * kvHeads), fill(2, 250 * kvHeads), fill(3, m * heads)];
        const out = device.alloc(m * heads * headDim);
        device.kvWrite(kv, 0, k, v, 0, 250, 0);
        repeatedly(() => device.attention(out, q, kv, 0, 250 - m, m, 0, heads));
        const result = await device.read(out, 0, m * heads * headDim);
        for (const thing of [kv, k, v, q, out]) device.free(thing);
        return result;
      });
  });

  test('siluMul', () =>
    sameOnAll(async (device) => {
      const n = 50_004;
      const [gate, up] = [upload(device, spiked(4, n)), upload(device, spiked(5, n))];
      device.siluMul(gate, up, n);
      const result = await device.read(gate, 0, n);
      for (const thing of [gate, up]) device.free(thing);
      return result;
    }));
});

test('threads that were spawned do an op by themselves, each item once', async () => {
  const memory = new WebAssembly.Memory({ ...MEMORY_LIMITS, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const words = createWords();
  const board = new Board(words, 3, 0, exports);
  for (const thread of [1, 2]) spawn({ module, memory, words, threads: 3, thread });

  const count = 100_000;
  const [gate, up] = [65_536, 65_536 + 4 * count];
  const numbers = new Float32Array(memory.buffer, gate, 2 * count);
  const kernel = Object.keys(exports).indexOf('silu_mul');
  for (let op = 1; op <= 20; op++) {
    numbers.fill(60, 0, count).fill(0.5, count); // silu(60) is 60; done twice it would be 15
    board.post({ kernel, args: [gate, up], count, grain: 400, scratch: 0, scratchBytes: 0 });
    expect(board.awaitEnd(30_000)).toBe(true);
    expect(numbers.subarray(0, count).every((x) => x === 30)).toBe(true);
  }
  board.dismiss();
});

describe('a thread that is lost', () => {
  const big = (device: Device) => {
    const n = 200_000;
    const [gate, up] = [device.alloc(n), device.alloc(n)];
    for (let round = 0; round < 10_000; round++) device.siluMul(gate, up, n); // until the thread has joined
  };

  test('by an error fails the op, and every op after it', async () => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 65_536, shared: true }); // not the team's: it traps
    let error: Promise<unknown[]> | undefined;
    const trapping = (start: ThreadStart) => {
      error = once(new Worker(ENTRY, { workerData: { ...start, memory } }), 'error');
    };
    const device = createThreadedWasmDevice({ module, name: 'trap', threads: 2, spawn: trapping });
    device.alloc(2e6); // so that what comes lies past what the thread can see
    expect(() => big(device)).toThrow('silu_mul: a thread failed');
    expect(() => big(device)).toThrow('a thread of this device has failed');
    expect(String(await error)).toBe('RuntimeError: memory access out of bounds');
  });

  test('without a word fails the op when patience ends', async () => {
    const takeOneAndEnd = `
      const { workerData: words } = require('node:worker_threads');
      const LEFT = 0;
      for (let left = 0; left <= 0 || Atomics.compareExchange(words, LEFT, left, left - 1) !== left; )
        left = Atomics.load(words, LEFT);`;
    const parts = {
      ...{ module, name: 'silent', threads: 2, patienceMs: 50 },
      spawn: ({ words }: ThreadStart) => void new Worker(takeOneAndEnd, { eval: true, workerData: words }),
    };
    const message = 'silu_mul: a thread failed, or got no further for 50 ms';
    expect(() => big(createThreadedWasmDevice(parts))).toThrow(message);
  });
});

test.each(['kernels-relaxed.wasm', 'kernels-simd.wasm'])('withSharedMemory changes one bit of %s', (file) => {
  const before = bytes(file);
  const after = withSharedMemory(before);
  const changed = [...before.keys()].filter((i) => before[i] !== after[i]);
  expect(changed.map((i) => before[i]! ^ after[i]!)).toEqual([2]);
  expect(WebAssembly.validate(after)).toBe(true);
});

test('withSharedMemory refuses a module that imports no memory', () => {
  expect(() => withSharedMemory(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))).toThrow('import no memory');
});
