/** From a file's tensors to a Llama's on a device. */
import type { Buf, Device, Weight } from '../../kernels/kernels.ts';
import { dequantise } from '../../kernels/quant/dequantise.ts';
import { type QuantType, rowBytes } from '../../kernels/quant/types.ts';
import { FormatError } from '../errors.ts';
import type { ByteSource } from '../source.ts';
import { type Delivery, deliver } from '../tensors/deliver.ts';
import { atOnce, inGroups, inPlace, selectedRows } from '../tensors/receivers.ts';
import type { LlamaConfig } from './config.ts';
import type { LayerWeights, LlamaWeights } from './weights.ts';

/** A tensor in a file. `rows` × `cols`; a vector has one row. */
export interface StoredTensor {
  readonly name: string;
  readonly type: QuantType;
  readonly rows: number;
  readonly cols: number;
  /** Whether the bytes lie as the device packs them. Otherwise they are rows as GGML stores them, in one part. */
  readonly packed: boolean;
  /** Where its bytes are, first to last. */
  readonly parts: readonly [TensorPart, ...TensorPart[]];
}

export interface TensorPart {
  readonly source: ByteSource;
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

/**
 * Loads all weights. `onProgress` hears bytes done of bytes in all. With a `vocabulary` the output matrix has those rows
 * alone, while the embedding stays whole.
 *
 * Units    vocabulary: token ids, ascending
 * Throws   FormatError when a tensor is missing or has the wrong shape
 */
export async function loadWeights(
  device: Device,
  config: LlamaConfig,
  file: StoredModel,
  frequencies: Float64Array,
  onProgress: (done: number, total: number) => void,
  vocabulary?: Uint32Array,
): Promise<LlamaWeights> {
  const { names, tensors } = file;
  const deliveries: Delivery[] = [];
  const matrix = (name: string, rows: number | undefined, cols: number, reorder?: RowOrder): Weight => {
    const tensor = expect(file, name, rows, cols);
    const weight = device.weight(tensor.type, tensor.rows, cols);
    if (tensor.packed) {
      let at = 0;
      for (const part of tensor.parts) {
        const offset = at;
        deliveries.push({ ...part, name, begin: () => inPlace(device, weight, offset) });
        at += part.bytes;
      }
    } else {
      const [part] = tensor.parts;
      const whole = (bytes: Uint8Array) => device.writeRows(weight, 0, reorder!(tensor, bytes));
      const begin = () => (reorder ? atOnce(part.bytes, whole) : inGroups(device, weight));
      deliveries.push({ ...part, name, begin });
    }
    return weight;
  };
  const vector = (name: string, length: number): Buf => {
    const { type, parts } = expect(file, name, 1, length);
    const [part] = parts;
    if (type !== 'f32' && type !== 'bf16' && type !== 'f16')
      throw new FormatError('llama', part.offset, `${name} is ${type}, a norm is kept in floats`);
    const buf = device.alloc(length);
    const write = (bytes: Uint8Array) => device.write(buf, floats(type, bytes));
    deliveries.push({ ...part, name, begin: () => atOnce(part.bytes, write) });
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
  if (vocabulary && !(vocabulary.at(-1)! < embedTokens.rows))
    throw new FormatError('llama', 0, `there is no token ${vocabulary.at(-1)}, only ${embedTokens.rows}`);

  /** Of a head that lies as GGML stores it, only the rows that are wanted. */
  const fewRows = (name: string, ids: Uint32Array): Weight => {
    const tensor = expect(file, name, embedTokens.rows, dim);
    const weight = device.weight(tensor.type, ids.length, dim);
    deliveries.push({ ...tensor.parts[0], name, begin: () => selectedRows(device, weight, ids) });
    return weight;
  };
  const stored = tensors.get(names.lmHead);
  const isCut = vocabulary !== undefined && stored?.packed === false;
  const lmHead = isCut
    ? fewRows(names.lmHead, vocabulary)
    : stored
      ? matrix(names.lmHead, embedTokens.rows, dim)
      : embedTokens;

  await deliver(deliveries, onProgress);
  if (!vocabulary || isCut) return { embedTokens, layers, norm, lmHead, frequencies };

  const cut = await cutHead(device, lmHead, vocabulary);
  if (stored) device.free(lmHead);
  return { embedTokens, layers, norm, lmHead: cut, frequencies };
}

/** A few rows of a matrix on the device, which may be an embedding too, as a matrix of their own. */
async function cutHead(device: Device, head: Weight, vocabulary: Uint32Array): Promise<Weight> {
  const length = vocabulary.length * head.cols;
  const rows = device.alloc(length);
  device.embed(rows, head, vocabulary);
  const numbers = await device.read(rows, 0, length);
  device.free(rows);
  const cut = device.weight('f32', vocabulary.length, head.cols);
  device.writeRows(cut, 0, new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  return cut;
}

function expect(file: StoredModel, name: string, rows: number | undefined, cols: number): StoredTensor {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) throw new FormatError('llama', 0, `tensor '${name}' is missing`);
  if ((rows !== undefined && tensor.rows !== rows) || tensor.cols !== cols)
    throw new FormatError(
      'llama',
      tensor.parts[0].offset,
      `tensor '${name}' is ${tensor.rows} × ${tensor.cols}, the config says ${rows ?? 'any'} × ${cols}`,
    );
  return tensor;
}

/** A small vector of floats, whichever way it is stored. */
export function floats(type: QuantType, bytes: Uint8Array): Float32Array {
  return dequantise(type, bytes, bytes.length / rowBytes(type, 1));
}
