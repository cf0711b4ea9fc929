/** That the fast kernels are those that answer: every call the device makes is watched, and so is what it touches. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import type { Device } from '../../kernels/kernels.ts';
import { QUANT, type QuantType, rowBytes } from '../../kernels/quant/types.ts';
import { createWasmDevice } from '../../kernels/wasm/device.ts';
import { kernelFile } from '../../kernels/wasm/relaxed-simd.ts';

const [ROWS, COLS] = [16, 256];
const PANEL_PROBE = 64; // first bytes of the panel
const UNTOUCHED = 0xaa;

const { Instance } = WebAssembly;
const wasm = (file: string) => readFileSync(new URL(`../../kernels/wasm/${file}`, import.meta.url));

interface Call {
  readonly name: string;
  /** Of a matmul: whether it unpacked weights to the panel that a batch is multiplied from. */
  readonly usedPanel: boolean;
}

/** The device that this machine gets, and the calls it makes from now on. */
function watchedDevice(): { device: Device; calls: Call[] } {
  const calls: Call[] = [];
  class Watched {
    readonly exports: Record<string, unknown> = {};

    constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
      const memory = imports.env!.memory as WebAssembly.Memory;
      for (const [name, kernel] of Object.entries(new Instance(module, imports).exports)) {
        const run = kernel as (...args: number[]) => number;
        this.exports[name] = (...args: number[]) => {
          const panel = new Uint8Array(
            memory.buffer,
            args.at(-1),
            name.startsWith('matmul_') ? PANEL_PROBE : 0,
          );
          panel.fill(UNTOUCHED);
          const result = run(...args);
          calls.push({ name, usedPanel: panel.some((byte) => byte !== UNTOUCHED) });
          return result;
        };
      }
    }
  }
  vi.spyOn(WebAssembly, 'Instance').mockImplementation(Watched as typeof WebAssembly.Instance);
  const { file, name } = kernelFile();
  const device = createWasmDevice(new WebAssembly.Module(wasm(file)), name);
  calls.length = 0;
  return { device, calls };
}

/** The calls that one multiplication of m rows makes. */
function matmulCalls(type: QuantType, m: number): Call[] {
  const { device, calls } = watchedDevice();
  const weight = device.weight(type, ROWS, COLS);
  device.writeRows(weight, 0, new Uint8Array(ROWS * rowBytes(type, COLS)).fill(1));
  const [x, out] = [device.alloc(m * COLS), device.alloc(m * ROWS)];
  device.write(x, new Float32Array(m * COLS).fill(1));
  calls.length = 0;
  device.matmul([out], [weight], x, m);
  return [...calls];
}

afterEach(() => vi.restoreAllMocks());

/** 5-bit formats are stored as 8-bit ones when they are packed. */
const STORED_AS: Partial<Record<QuantType, string>> = { q5_0: 'q8_0', q5_1: 'q8_1', q5_k: 'q8_1' };
const types = Object.keys(QUANT) as QuantType[];
const floats: readonly QuantType[] = ['f32', 'f16', 'bf16'];

test.each(types)(
  'a product with %s is one call of its own kernel, on rounded rows unless it is a float',
  (type) => {
    const stored = STORED_AS[type] ?? type;
    const rounding = floats.includes(type) ? [] : [`quantise_${stored}`];
    for (const m of [1, 9])
      expect(matmulCalls(type, m).map(({ name }) => name)).toEqual([...rounding, `matmul_${stored}`]);
  },
);

test.each(['q4_0', 'q4_1', 'q4_k', 'q6_k'] as const)(
  'one row of %s is multiplied from the packed weights, a batch from the panel',
  (type) => {
    expect(matmulCalls(type, 1).at(-1)!.usedPanel).toBe(false);
    expect(matmulCalls(type, 9).at(-1)!.usedPanel).toBe(true);
  },
);

test('the build this machine gets has relaxed instructions, the other one none', () => {
  const dot = Buffer.of(0xfd, 0x92, 0x02); // i16x8.relaxed_dot_i8x16_i7x16_s
  const madd = Buffer.of(0xfd, 0x85, 0x02); // f32x4.relaxed_madd
  for (const instruction of [dot, madd]) {
    expect(wasm(kernelFile().file).includes(instruction)).toBe(true);
    expect(wasm('kernels-simd.wasm').includes(instruction)).toBe(false);
  }
});
