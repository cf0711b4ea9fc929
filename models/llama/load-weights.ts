/** From a file's tensors to a device's: one pass over the file, in its own order, never a tensor whole in JS memory. */
import type { Buf, Device, Weight } from '../../kernels/kernels.ts';
import { dequantise } from '../../kernels/quant/dequantise.ts';
import { type QuantType, rowBytes } from '../../kernels/quant/types.ts';
import { FormatError } from '../errors.ts';
import type { ByteSource } from '../source.ts';
import type { LlamaConfig } from './config.ts';
import type { LayerWeights, LlamaWeights } from './weights.ts';

/** A tensor's place in a file. `rows` × `cols`; a vector has one row. */
export interface StoredTensor {
  readonly name: string;
  readonly type: QuantType;
  readonly rows: number;
  readonly cols: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Which stored tensor is which part of the model. */
export interface TensorNames {
  readonly embedTokens: string;
  readonly norm: string;
  readonly lmHead: string; // may be absent from the file: then it is tied
  readonly layer: (i: number) => Record<keyof LayerWeights, string>;
}

/** Reorders the rows of q and k, when the file keeps them in another order than interleaved pairs. */
export type RowOrder = (tensor: StoredTensor, bytes: Uint8Array) => Uint8Array;

export interface WeightFile {
  readonly source: ByteSource;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly names: TensorNames;
  /** Undefined: rows lie as the kernels want them. */
  readonly reorder: RowOrder | undefined;
}

const GROUP = 8; // rows that a device packs together

/**
 * Loads all weights. `onProgress` hears bytes done of bytes in all.
 *
 * Throws   FormatError when a tensor is missing or has the wrong shape
 */
export async function loadWeights(
  device: Device,
  config: LlamaConfig,
  file: WeightFile,
  frequencies: Float64Array,
  onProgress: (done: number, total: number) => void,
): Promise<LlamaWeights> {
  const { names, tensors } = file;
  const wanted = new Map<StoredTensor, Weight | Buf>();
  const matrix = (name: string, rows: number | undefined, cols: number): Weight => {
    const tensor = expect(file, name, rows, cols);
    const weight = device.weight(tensor.type, tensor.rows, cols);
    wanted.set(tensor, weight);
    return weight;
  };
  const vector = (name: string, length: number): Buf => {
    const tensor = expect(file, name, 1, length);
    if (tensor.type !== 'f32' && tensor.type !== 'bf16' && tensor.type !== 'f16')
      throw new FormatError('llama', tensor.offset, `${name} is ${tensor.type}, a norm is kept in floats`);
    const buf = device.alloc(length);
    wanted.set(tensor, buf);
    return buf;
  };

  const { dim, heads, kvHeads, headDim, ffnDim } = config;
  const embedTokens = matrix(names.embedTokens, undefined, dim);
  const layers = Array.from({ length: config.layers }, (_, i): LayerWeights => {
    const layer = names.layer(i);
    return {
      inputLayernorm: vector(layer.inputLayernorm, dim),
      qProj: matrix(layer.qProj, heads * headDim, dim),
      kProj: matrix(layer.kProj, kvHeads * headDim, dim),
      vProj: matrix(layer.vProj, kvHeads * headDim, dim),
      oProj: matrix(layer.oProj, dim, heads * headDim),
      postAttentionLayernorm: vector(layer.postAttentionLayernorm, dim),
      gateProj: matrix(layer.gateProj, ffnDim, dim),
      upProj: matrix(layer.upProj, ffnDim, dim),
      downProj: matrix(layer.downProj, dim, ffnDim),
    };
  });
  const norm = vector(names.norm, dim);
  const lmHead = tensors.has(names.lmHead) ? matrix(names.lmHead, embedTokens.rows, dim) : embedTokens;

  await fill(device, file, wanted, onProgress);
  return { embedTokens, layers, norm, lmHead, frequencies };
}

function expect(file: WeightFile, name: string, rows: number | undefined, cols: number): StoredTensor {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) throw new FormatError('llama', 0, `tensor '${name}' is missing`);
  if ((rows !== undefined && tensor.rows !== rows) || tensor.cols !== cols)
    throw new FormatError(
      'llama',
      tensor.offset,
      `tensor '${name}' is ${tensor.rows} × ${tensor.cols}, the config says ${rows ?? 'any'} × ${cols}`,
    );
  return tensor;
}

/** Streams the wanted tensors in file order. Gaps between them are read over, not sought: one request does it all. */
async function fill(
  device: Device,
  file: WeightFile,
  wanted: ReadonlyMap<StoredTensor, Weight | Buf>,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const order = [...wanted.keys()].sort((a, b) => a.offset - b.offset);
  const start = order[0]!.offset;
  const last = order.at(-1)!;
  const total = last.offset + last.bytes - start;

  let at = start; // where in the file the stream stands
  let next = 0;
  let piece = receiver(device, file, order[0]!, wanted.get(order[0]!)!);
  for await (const chunk of file.source.stream(start, total)) {
    for (let used = 0; used < chunk.length && next < order.length; ) {
      const tensor = order[next]!;
      const skip = Math.max(0, tensor.offset - (at + used));
      if (skip >= chunk.length - used) break;
      used += skip;
      const left = tensor.offset + tensor.bytes - (at + used);
      const take = Math.min(left, chunk.length - used);
      piece.push(chunk.subarray(used, used + take));
      used += take;
      if (take === left) {
        piece.end();
        const following = order[++next];
        if (following !== undefined) piece = receiver(device, file, following, wanted.get(following)!);
      }
    }
    at += chunk.length;
    onProgress(at - start, total);
  }
  if (next < order.length) throw new FormatError(file.source.name, at, `ends inside '${order[next]!.name}'`);
}

interface Receiver {
  push(bytes: Uint8Array): void;
  end(): void;
}

function receiver(device: Device, file: WeightFile, tensor: StoredTensor, to: Weight | Buf): Receiver {
  if (!('rows' in to)) return whole(tensor, (bytes) => device.write(to, floats(tensor.type, bytes)));
  const reordered = file.reorder !== undefined && /\.(q|k)_proj\./.test(tensor.name);
  if (reordered) return whole(tensor, (bytes) => device.writeRows(to, 0, file.reorder!(tensor, bytes)));
  return inGroups(device, tensor, to);
}

/** Keeps a small tensor until it is all there. */
function whole(tensor: StoredTensor, use: (bytes: Uint8Array) => void): Receiver {
  const all = new Uint8Array(tensor.bytes);
  let filled = 0;
  return {
    push(bytes) {
      all.set(bytes, filled);
      filled += bytes.length;
    },
    end: () => use(all),
  };
}

/** Hands rows over eight at a time, and keeps only what does not make eight yet. */
function inGroups(device: Device, tensor: StoredTensor, weight: Weight): Receiver {
  const groupBytes = GROUP * rowBytes(tensor.type, tensor.cols);
  const rest = new Uint8Array(groupBytes);
  let kept = 0;
  let row = 0;
  const write = (bytes: Uint8Array, rows: number) => {
    device.writeRows(weight, row, bytes);
    row += rows;
  };
  return {
    push(bytes) {
      let used = 0;
      if (kept > 0) {
        used = Math.min(groupBytes - kept, bytes.length);
        rest.set(bytes.subarray(0, used), kept);
        kept += used;
        if (kept < groupBytes) return;
        write(rest, GROUP);
        kept = 0;
      }
      const groups = Math.floor((bytes.length - used) / groupBytes);
      if (groups > 0) write(bytes.subarray(used, used + groups * groupBytes), groups * GROUP);
      used += groups * groupBytes;
      rest.set(bytes.subarray(used));
      kept = bytes.length - used;
    },
    end() {
      if (kept > 0) write(rest.subarray(0, kept), tensor.rows - row);
    },
  };
}

/** A small vector of floats, whichever way it is stored. */
export function floats(type: QuantType, bytes: Uint8Array): Float32Array {
  return dequantise(type, bytes, bytes.length / rowBytes(type, 1));
}
