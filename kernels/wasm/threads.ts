import { DeviceError } from '../errors.ts';
import type { Device } from '../kernels.ts';
import { Board, createWords } from './board.ts';
import { WasmDevice } from './device.ts';
import { MEMORY_LIMITS } from './memory.ts';
import type { Kernels, Team } from './team.ts';
import type { ThreadStart } from './thread.ts';

export interface ThreadedParts {
  /** Compiled from `withSharedMemory` of a build. */
  readonly module: WebAssembly.Module;
  readonly name: string;
  /** The calling one among them. */
  readonly threads: number;
  /** Starts a thread that calls `runThread`, as a Worker. It may take its time. */
  readonly spawn: (start: ThreadStart) => void;
  /** How long the team may get no further with an op before a thread counts as lost. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 30_000; // a head's share of attention over 131,072 positions takes seconds

/**
 * The same device on several threads over one shared memory; its numbers equal those of one thread bit for bit.
 * In a browser the page must be cross-origin isolated, and the device must live in a Worker: a page may not wait.
 *
 * Throws   DeviceError from every op once a thread has failed
 */
export function createThreadedWasmDevice(parts: ThreadedParts): Device & Disposable {
  const { module, name, threads, spawn, patienceMs = PATIENCE_MS } = parts;
  const memory = new WebAssembly.Memory({ ...MEMORY_LIMITS, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const words = createWords();
  for (let thread = 1; thread < threads; thread++) spawn({ module, memory, words, threads, thread });

  const board = new Board(words, threads, 0, exports);
  const kernels = exports as Kernels;
  const device = new WasmDevice(name, memory, kernels, teamAt(board, threads, kernels, patienceMs));
  return Object.assign(device, { [Symbol.dispose]: () => board.dismiss() });
}

function teamAt(board: Board, threads: number, kernels: Kernels, patienceMs: number): Team {
  const places = new Map(Object.keys(kernels).map((name, place) => [name, place]));
  let whole = true;

  return {
    threads,
    run(name, args, count, grain, scratch = 0, scratchBytes = 0) {
      if (!whole) throw new DeviceError('a thread of this device has failed');
      if (count <= grain) {
        kernels[name]!(...args, 0, count, scratch);
        return;
      }
      whole = false; // until the op has ended as it should
      board.post({ kernel: places.get(name)!, args, count, grain, scratch, scratchBytes });
      board.work();
      whole = board.awaitEnd(patienceMs);
      if (!whole) throw new DeviceError(`${name}: a thread failed, or got no further for ${patienceMs} ms`);
    },
  };
}
