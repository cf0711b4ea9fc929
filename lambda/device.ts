import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Device } from '../kernels/kernels.ts';
import { createWasmDevice } from '../kernels/wasm/device.ts';
import { kernelFile } from '../kernels/wasm/relaxed-simd.ts';
import { withSharedMemory } from '../kernels/wasm/shared-memory.ts';
import type { ThreadStart } from '../kernels/wasm/thread.ts';
import { createThreadedWasmDevice } from '../kernels/wasm/threads.ts';

/** The kernels this Node can run, on so many threads of this process. */
export function createNodeDevice(threads: number): Device & Partial<Disposable> {
  const { file, name } = kernelFile();
  const beside = new URL(file, import.meta.url); // in the Lambda function's folder, which is all it has
  const path = existsSync(beside) ? beside : new URL(`../kernels/wasm/${file}`, import.meta.url);
  const bytes = readFileSync(path);
  if (threads === 1) return createWasmDevice(new WebAssembly.Module(bytes), name);

  const module = new WebAssembly.Module(withSharedMemory(bytes));
  return createThreadedWasmDevice({ module, name: `${name}, ${threads} threads`, threads, spawn });
}

/** Its end does not wait for the thread, but an error there ends the process. */
function spawn(start: ThreadStart): void {
  const file = `./kernel-thread${extname(import.meta.url)}`; // .mjs where both were built
  new Worker(new URL(file, import.meta.url), { workerData: start, name: 'kernels' }).unref();
}
