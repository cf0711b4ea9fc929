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
  readonly source: ByteSource;
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

export interface StoredModel {
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
  file: StoredModel,
  frequencies: Float64Array,
  onProgress: (done: number, total: number) => void,
): Promise<LlamaWeights> {
  const { names, tensors } = file;
  const wanted = new Map<StoredTensor, () => Receiver>();
  const matrix = (name: string, rows: number | undefined, cols: number, reorder?: RowOrder): Weight => {
    const tensor = expect(file, name, rows, cols);
    const weight = device.weight(tensor.type, tensor.rows, cols);
    const whole = (bytes: Uint8Array) => device.writeRows(weight, 0, reorder!(tensor, bytes));
    wanted.set(tensor, () => (reorder ? atOnce(tensor, whole) : inGroups(device, tensor, weight)));
    return weight;
  };
  const vector = (name: string, length: number): Buf => {
    const tensor = expect(file, name, 1, length);
    if (tensor.type !== 'f32' && tensor.type !== 'bf16' && tensor.type !== 'f16')
      throw new FormatError('llama', tensor.offset, `${name} is ${tensor.type}, a norm is kept in floats`);
    const buf = device.alloc(length);
    wanted.set(tensor, () => atOnce(tensor, (bytes) => device.write(buf, floats(tensor.type, bytes))));
    return buf;
  };

  const { dim, heads, kvHeads, headDim, ffnDim } = config;
  const embedTokens = matrix(names.embedTokens, undefined, dim);
  const layers = Array.from({ length: config.layers }, (_, i): LayerWeights => {
    const layer = names.layer(i);
    return {
      inputLayernorm: vector(layer.inputLayernorm, dim),
      qProj: matrix(layer.qProj, heads * headDim, dim, file.reorder),
      kProj: matrix(layer.kProj, kvHeads * headDim, dim, file.reorder),
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

  await fill(wanted, onProgress);
  return { embedTokens, layers, norm, lmHead, frequencies };
}

function expect(file: StoredModel, name: string, rows: number | undefined, cols: number): StoredTensor {
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

/** Fills from one file after the other. */
async function fill(
  wanted: ReadonlyMap<StoredTensor, () => Receiver>,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const tensors = [...wanted.keys()].sort((a, b) => a.offset - b.offset);
  const total = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const source of new Set(tensors.map((tensor) => tensor.source))) {
    const order = tensors.filter((tensor) => tensor.source === source);
    await fillFrom(source, order, (tensor) => {
      onProgress(done, total);
      done += tensor.bytes;
      return wanted.get(tensor)!();
    });
  }
  onProgress(total, total);
}

/** Streams tensors in file order. Gaps between them are read over, not sought: one request does it all. */
async function fillFrom(
  source: ByteSource,
  order: readonly StoredTensor[],
  begin: (tensor: StoredTensor) => Receiver,
): Promise<void> {
  const start = order[0]!.offset;
  const last = order.at(-1)!;

  let at = start; // where in the file the stream stands
  let next = 0;
  let piece = begin(order[0]!);
  for await (const chunk of source.stream(start, last.offset + last.bytes - start)) {
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
        if (following !== undefined) piece = begin(following);
      }
    }
    at += chunk.length;
  }
  if (next < order.length) throw new FormatError(source.name, at, `ends inside '${order[next]!.name}'`);
}

interface Receiver {
  push(bytes: Uint8Array): void;
  end(): void;
}

/** Keeps a tensor until it is all there. */
function atOnce(tensor: StoredTensor, use: (bytes: Uint8Array) => void): Receiver {
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
