import type { KvShape, ModelFacts } from './model-facts.ts';

/** Bytes a workload takes at most, each for one replica. */
export interface MemoryNeed {
  readonly weights: number;
  /** Keys and values of every request that computes, each as long as the context. */
  readonly kv: number;
  /** What earlier requests computed. */
  readonly prefixCache: number;
  /** A guard beside the model: its weights, and the keys and values of what it reads. */
  readonly guard: number;
  /** The rest of the process. */
  readonly working: number;
  readonly total: number;
}

/** A WebAssembly memory, which holds all but the process itself. */
export const WASM_BYTES = 2 ** 32;

/** Above weights and cache. Source: bench/results, `npm run bench -- --only memory`, the 1B's shape. */
const WORKING = { edge: 114e6, node: 118e6 } as const;
/** CUDA, activations and graphs of SGLang on each card. Not measured here: the share it keeps free by itself, and some. */
const GPU_WORKING = 3e9;

/** Of one position. f16, or q8: a byte a number, and a 4-byte scale for a head's key or value. */
export const kvBytesPerToken = ({ layers, kvHeads, headDim }: KvShape, type: 'f16' | 'q8'): number =>
  2 * layers * kvHeads * (type === 'f16' ? 2 * headDim : headDim + 4);

export interface CpuLoad {
  readonly engine: 'edge' | 'node';
  readonly kv: 'f16' | 'q8';
  readonly context: number;
  readonly concurrency: number;
  readonly prefixCache: number; // bytes
}

/** What a guard reads at once. Source: docs/safety.md. */
const GUARD_CONTEXT = 4096;

/** Of an edge or a node workload; the guard has a WebAssembly memory of its own. */
export function cpuMemory(facts: ModelFacts, load: CpuLoad, guard?: ModelFacts): MemoryNeed {
  const { engine, kv, context, concurrency, prefixCache } = load;
  const parts = {
    weights: facts.weightBytes,
    kv: kvBytesPerToken(facts.kv, kv) * context * concurrency,
    prefixCache,
    guard: guard ? guard.weightBytes + kvBytesPerToken(guard.kv, kv) * GUARD_CONTEXT : 0,
    working: WORKING[engine],
  };
  return { ...parts, total: Object.values(parts).reduce((sum, one) => sum + one, 0) };
}

/** What of it lies in the WebAssembly memory. */
export const inWasm = ({ weights, kv, prefixCache }: MemoryNeed): number => weights + kv + prefixCache;

/** The most requests, up to 8, that fit beside the weights; 1 where none does, which the check then says. */
export function fittingConcurrency(facts: ModelFacts, load: Omit<CpuLoad, 'concurrency'>): number {
  for (let concurrency = 8; concurrency > 1; concurrency--)
    if (inWasm(cpuMemory(facts, { ...load, concurrency })) <= WASM_BYTES) return concurrency;
  return 1;
}

/** Of each card, when `gpus` share a model evenly. */
export function gpuMemory(
  facts: ModelFacts,
  load: { context: number; concurrency: number; gpus: number },
): MemoryNeed {
  const { context, concurrency, gpus } = load;
  const weights = facts.weightBytes / gpus;
  const kv = (concurrency * (kvBytesPerToken(facts.kv, 'f16') * context + facts.imageBytes)) / gpus;
  return { weights, kv, prefixCache: 0, guard: 0, working: GPU_WORKING, total: weights + kv + GPU_WORKING };
}
