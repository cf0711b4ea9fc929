/**
 * What model code asks of a machine. A `Device` owns memory and runs ops on it in the order they were asked for;
 * WASM runs an op at once, WebGPU records it, so only what gives numbers back waits. Model code never sees an address.
 *
 * Shapes are row-major. `m` is the number of token rows in flight: 1 while decoding, a chunk while prefilling.
 */
import type { QuantType } from './quant/types.ts';

/** f32 numbers on a device. Callers hold it and hand it back; only the backend looks inside. */
export interface Buf {
  readonly length: number;
}

/** A matrix (rows, cols) in the device's own packed layout. */
export interface Weight {
  readonly type: QuantType;
  readonly rows: number;
  readonly cols: number;
  readonly bytes: number; // on the device, packed
}

/** How a cache keeps a number: 2 B; or 1 B, with a scale for each head's key or value, which is 4 B more. */
export type KvType = 'f16' | 'q8';

export interface KvShape {
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly capacity: number; // positions
  readonly type: KvType;
}

/** Keys and values of one sequence, for all layers. */
export interface KvCache extends KvShape {
  readonly bytes: number;
}

/** The largest `k` entries of one row, best first; ties go to the lower id. */
export interface TopK {
  readonly ids: Uint32Array;
  readonly values: Float32Array;
}

/** Numbers under one sum of `expSums`. */
export const SUM_STRETCH = 256;

/** What a row weighs under a softmax. */
export interface ExpSums {
  readonly max: number; // NaN when a number of the row is
  /** Of e^((x[i] - max) · scale), over each SUM_STRETCH numbers; the last has the rest. */
  readonly sums: Float64Array;
}

/**
 * How far the sums of `expSums`, those up to any of them or all, may be off, as a share of all. An argument is three
 * roundings to f32 off, 1.8e-7 of itself, and the mean argument is at most 11 for 2^21 numbers, whatever they are; e^x
 * adds 3e-7 and adding a few floats 2e-7.
 */
export const EXP_SUMS_ERROR = 4e-6;

export interface Device {
  /** What it is, for logs and tests: `ref`, `wasm (relaxed simd)`, `wasm (simd)`. */
  readonly name: string;
  /** Bytes now held by buffers, weights and caches. */
  readonly bytesInUse: number;
  /** Names the packed layout of weights. Packed bytes are at home on every device that gives the same name. */
  readonly layout: string;

  alloc(length: number): Buf;
  write(buf: Buf, data: Float32Array): void;
  /** The first `length` numbers, or numbers from `offset` on. A copy. */
  read(buf: Buf, offset: number, length: number): Promise<Float32Array>;
  free(thing: Buf | Weight | KvCache): void;

  /** Room for a matrix; its numbers come with `writeRows`. Throws DeviceError when it does not fit. */
  weight(type: QuantType, rows: number, cols: number): Weight;
  /**
   * Packs whole rows, as GGML stores them, from `firstRow` on.
   *
   * Shapes   bytes: rowBytes(type, cols) · n · firstRow and n are multiples of 8, except at the last rows
   */
  writeRows(weight: Weight, firstRow: number, bytes: Uint8Array): void;
  /** What `weight(type, rows, cols).bytes` would be. Takes no memory. */
  packedBytes(type: QuantType, rows: number, cols: number): number;
  /** Puts packed bytes in place as they are, from byte `offset` of the weight on. */
  writePacked(weight: Weight, offset: number, bytes: Uint8Array): void;
  /** The weight's packed bytes from `offset` on, for `writePacked` on a device of the same layout. A copy. */
  readPacked(weight: Weight, offset: number, length: number): Promise<Uint8Array>;

  kvCache(shape: KvShape): KvCache;

  /** out[i] = weight[ids[i]] as f32. Shapes: ids (m) · out (m, cols) */
  embed(out: Buf, weight: Weight, ids: Uint32Array): void;

  /**
   * Multiplies the same rows by several matrices: q, k and v, or gate and up.
   *
   *     outs[i][r] = x[r] · weights[i]ᵀ
   *
   * Shapes   x (m, cols) starting at row `firstRow` · outs[i] (m, weights[i].rows)
   * Note     WASM rounds x to int8 in blocks of 32 for integer formats, as llama.cpp does
   */
  matmul(outs: readonly Buf[], weights: readonly Weight[], x: Buf, m: number, firstRow?: number): void;

  /**
   *     out[r,i] = x[r,i] · weight[i] / √(mean(x[r]²) + eps)
   *
   * Shapes   x, out (m, dim) · weight (dim) · out may be x
   * Source   Zhang & Sennrich 2019, arXiv:1910.07467
   */
  rmsNorm(out: Buf, x: Buf, weight: Buf, m: number, dim: number, eps: number): void;

  /**
   * Rotates neighbouring pairs (2i, 2i+1) of each head in place, as Meta's checkpoints and GGUF lay them out.
   *
   * Shapes   x (m, heads, headDim) · table (m, headDim / 2, 2): cos, sin of each row's position
   * Source   Su et al. 2021, arXiv:2104.09864
   */
  rope(x: Buf, table: Buf, m: number, heads: number, headDim: number): void;

  /** Appends keys and values at positions pos … pos+m-1. Shapes: k, v (·, kvHeads, headDim), from row `firstRow` */
  kvWrite(kv: KvCache, layer: number, k: Buf, v: Buf, pos: number, m: number, firstRow: number): void;

  /**
   * Copies positions 0 … length-1 of every layer; what `to` held after them is lost.
   *
   * Shapes   to and from differ in nothing but their capacity
   * Throws   ShapeError
   */
  kvCopy(to: KvCache, from: KvCache, length: number): void;

  /**
   * Causal attention with grouped queries; query row i sees positions 0 … pos+i. Never holds a T × T table.
   *
   *     out[i,h] = softmax(q[i,h] · K[·, h / group] / √headDim) · V
   *
   * Shapes   q, out (·, heads, headDim), rows firstRow … firstRow+m-1
   * Source   Ainslie et al. 2023, arXiv:2305.13245; Dao et al. 2022, arXiv:2205.14135
   */
  attention(
    out: Buf,
    q: Buf,
    kv: KvCache,
    layer: number,
    pos: number,
    m: number,
    firstRow: number,
    heads: number,
  ): void;

  /** gate[i] = silu(gate[i]) · up[i], over the first n numbers. */
  siluMul(gate: Buf, up: Buf, n: number): void;

  /** x[i] += y[i], over the first n numbers. */
  add(x: Buf, y: Buf, n: number): void;

  /** to[toRow] = from[fromRow]. */
  copyRow(to: Buf, toRow: number, from: Buf, fromRow: number, dim: number): void;

  /** The k largest of x[row], a row of n numbers. k is 1 … 256. */
  topK(x: Buf, row: number, n: number, k: number): Promise<TopK>;

  /** Of x[row], a row of n numbers. scale is above 0. */
  expSums(x: Buf, row: number, n: number, scale: number): Promise<ExpSums>;

  /** x[row, ids[i]] for each i, of a row of n numbers. */
  gather(x: Buf, row: number, n: number, ids: ArrayLike<number>): Promise<Float32Array>;
  /** x[row, ids[i]] = values[i]. */
  scatter(x: Buf, row: number, n: number, ids: ArrayLike<number>, values: Float32Array): void;
}
