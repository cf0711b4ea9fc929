/** In a browser's Worker: the same model on one thread and on three, and what each makes of the same tokens. */

import type { Device } from '../../kernels/kernels.ts';
import { Board } from '../../kernels/wasm/board.ts';
import { createWasmDevice } from '../../kernels/wasm/device.ts';
import { withSharedMemory } from '../../kernels/wasm/shared-memory.ts';
import type { ThreadStart } from '../../kernels/wasm/thread.ts';
import { createThreadedWasmDevice } from '../../kernels/wasm/threads.ts';
import { readGguf } from '../../models/gguf/gguf.ts';
import { createLlama } from '../../models/llama/forward.ts';
import { loadGgufWeights } from '../../models/llama/gguf.ts';
import { bufferSource } from '../../models/sources/buffer-source.ts';

export interface HostReport {
  readonly isolated: boolean;
  /** Whether the spawned threads can end an op without the one that asked for it. */
  readonly threadsWork: boolean;
  readonly alone: Uint32Array; // bits of logits
  readonly together: Uint32Array;
}

const IDS = Uint32Array.from({ length: 48 }, (_, i) => (7 * i) % 64);
const THREADS = 3;

const [wasm, file] = await Promise.all(
  ['/kernels.wasm', '/model.gguf'].map(
    async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer()),
  ),
);
const module = new WebAssembly.Module(withSharedMemory(wasm!));

const ready: Promise<void>[] = [];
let team: ThreadStart | undefined;
const device = createThreadedWasmDevice({
  module,
  name: `${THREADS} threads`,
  threads: THREADS,
  spawn(start) {
    team = start;
    const worker = new Worker('/thread.js');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    worker.addEventListener('message', () => resolve());
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    ready.push(promise);
    worker.postMessage(start);
  },
});
await Promise.all(ready);

postMessage({
  isolated: crossOriginIsolated,
  threadsWork: threadsWork(team!),
  together: await logits(device),
  alone: await logits(createWasmDevice(new WebAssembly.Module(wasm!.slice()), 'one thread')),
} satisfies HostReport);
device[Symbol.dispose]();

function threadsWork({ words, memory }: ThreadStart): boolean {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const board = new Board(words, THREADS, 0, exports);
  const kernel = Object.keys(exports).indexOf('heap_start'); // does nothing
  board.post({ kernel, args: [], count: 1000, grain: 1, scratch: 0, scratchBytes: 0 });
  return board.awaitEnd(10_000);
}

async function logits(on: Device): Promise<Uint32Array> {
  const source = bufferSource('model.gguf', file!);
  const { config, weights } = await loadGgufWeights(on, source, await readGguf(source), () => {});
  const llama = createLlama(on, config, weights, {
    ...{ maxRows: 64, maxLogitRows: 64, contextLength: 64, kvType: 'f16' },
  });
  const cache = llama.newCache(64);
  const out = llama.forward([{ cache, ids: IDS, logits: 'all' }]);
  return new Uint32Array((await on.read(out, 0, IDS.length * llama.vocabSize)).buffer);
}
