import type { KvShape, ModelFacts } from './model-facts.ts';

/** Bytes a workload takes at most, each for one replica. */
export interface MemoryNeed {
  readonly weights: number;
  /** Keys and values of every request that computes, each as long as the context. */
  readonly kv: number;
  /** What earlier requests computed. */
  readonly prefixCache: number;
  /** The rest of the process. */
  readonly working: number;
  readonly total: number;
}

/** A WebAssembly memory, which holds all but the process itself. */
export const WASM_BYTES = 2 ** 32;

/** Above weights and cache. Source: bench/results, `npm run bench -- --only memory`, the 1B's shape. */
const WORKING = { edge: 148e6, node: 144e6 } as const;
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

/** Of an edge or a node workload. */
export function cpuMemory(
  facts: ModelFacts,
  { engine, kv, context, concurrency, prefixCache }: CpuLoad,
): MemoryNeed {
  const cache = kvBytesPerToken(facts.kv, kv) * context * concurrency;
  const working = WORKING[engine];
  return {
    weights: facts.weightBytes,
    kv: cache,
    prefixCache,
    working,
    total: facts.weightBytes + cache + prefixCache + working,
  };
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
  return { weights, kv, prefixCache: 0, working: GPU_WORKING, total: weights + kv + GPU_WORKING };
}
