import { readFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

/** What one thread of this machine can do in WASM at best. */
export interface Limits {
  readonly readGBps: number; // read from memory, a second
  readonly int8GMACps: number; // int8 multiply-accumulates, a second
}

const READ_BYTES = 512 * 2 ** 20; // more than any cache
const TURNS = 4_000_000;
const PASSES = 8; // the first ones run code that V8 has not optimised yet

/** Times both limits, the best of a few passes each. Keeps 512 MiB until the function it returns is dropped. */
export async function openLimits(): Promise<() => Limits> {
  const source = await readFile(new URL('limits.as.ts', import.meta.url), 'utf8');
  const options = { optimizeLevel: 3, noAssert: true, runtime: 'stub', importMemory: true };
  const { binary, stderr } = await asc.compileString(source, {
    ...options,
    enable: ['simd', 'relaxed-simd'],
  });
  if (binary === null) throw new Error(`limits.as.ts: ${stderr}`);

  const memory = new WebAssembly.Memory({ initial: 1 + READ_BYTES / 65_536 });
  new Uint8Array(memory.buffer).fill(1); // else the pages are all one page of zeros
  const { instance } = await WebAssembly.instantiate(new Uint8Array(binary), { env: { memory, abort() {} } });
  const { read, multiply } = instance.exports as Record<string, (...args: number[]) => number>;

  return () => ({
    readGBps: best(READ_BYTES, () => read!(65_536, READ_BYTES)),
    int8GMACps: best(96 * TURNS, () => multiply!(TURNS, 3)),
  });
}

/** The most of a few passes, in 10⁹ a second. */
function best(count: number, pass: () => void): number {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < PASSES; i++) {
    const start = performance.now();
    pass();
    leastMs = Math.min(leastMs, performance.now() - start);
  }
  return count / leastMs / 1e6;
}
