import { readFileSync } from 'node:fs';
import type { Device } from '../../kernels/kernels.ts';
import { createRefDevice } from '../../kernels/ref/device.ts';
import { createWasmDevice } from '../../kernels/wasm/device.ts';
import { createNodeDevice } from '../../lambda/device.ts';

function wasm(file: string, name: string): { name: string; create: () => Device } {
  const module = new WebAssembly.Module(readFileSync(new URL(`../../kernels/wasm/${file}`, import.meta.url)));
  return { name, create: () => createWasmDevice(module, name) };
}

let team: Device | undefined;

export const relaxed = wasm('kernels-relaxed.wasm', 'wasm (relaxed simd)');
export const simd = wasm('kernels-simd.wasm', 'wasm (simd)');
/** One device for all who ask: it has threads, and they last as long as the process. */
export const threaded = {
  name: 'wasm (relaxed simd), 3 threads',
  create: () => {
    team ??= createNodeDevice(3);
    return team;
  },
};

/** Every backend that is judged by `ref`. One table of cases runs over all of them. */
export const fast = [relaxed, simd, threaded];
export const ref = { name: 'ref', create: createRefDevice };
