/** A Llama in a GGUF file: its tensors' names, and the scaling that only `rope_freqs.weight` carries. */
import type { Device } from '../../kernels/kernels.ts';
import { FormatError } from '../errors.ts';
import type { Gguf } from '../gguf/gguf.ts';
import type { ByteSource } from '../source.ts';
import { configFromGguf, type LlamaConfig } from './config.ts';
import { floats, loadWeights, type StoredTensor, type TensorNames } from './load-weights.ts';
import { ropeFrequencies } from './rope.ts';
import type { LlamaWeights } from './weights.ts';

const NAMES: TensorNames = {
  embedTokens: 'token_embd.weight',
  norm: 'output_norm.weight',
  lmHead: 'output.weight',
  layer: (i) => ({
    inputLayernorm: `blk.${i}.attn_norm.weight`,
    qProj: `blk.${i}.attn_q.weight`,
    kProj: `blk.${i}.attn_k.weight`,
    vProj: `blk.${i}.attn_v.weight`,
    oProj: `blk.${i}.attn_output.weight`,
    postAttentionLayernorm: `blk.${i}.ffn_norm.weight`,
    gateProj: `blk.${i}.ffn_gate.weight`,
    upProj: `blk.${i}.ffn_up.weight`,
    downProj: `blk.${i}.ffn_down.weight`,
  }),
};
const ROPE_FREQS = 'rope_freqs.weight';

export interface LoadedWeights {
  readonly config: LlamaConfig;
  readonly weights: LlamaWeights;
}

/**
 * Loads a Llama's weights from GGUF.
 *
 * Throws   FormatError when the file is not a Llama, or a tensor is missing or misshapen
 */
export async function loadGgufWeights(
  device: Device,
  source: ByteSource,
  gguf: Gguf,
  onProgress: (done: number, total: number) => void,
  vocabulary?: Uint32Array,
): Promise<LoadedWeights> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { type, shape, offset, bytes }] of gguf.tensors) {
    const [cols, rows = 1] = shape as [number, number?];
    tensors.set(name, { name, type, rows, cols, packed: false, parts: [{ source, offset, bytes }] });
  }
  return loadTensors(device, configFromGguf(gguf.metadata), tensors, onProgress, vocabulary);
}

/** As `loadGgufWeights`, of tensors that have left their GGUF file and kept their names. */
export async function loadTensors(
  device: Device,
  config: LlamaConfig,
  tensors: ReadonlyMap<string, StoredTensor>,
  onProgress: (done: number, total: number) => void,
  vocabulary?: Uint32Array,
): Promise<LoadedWeights> {
  for (const name of tensors.keys())
    if (/\.bias$/.test(name))
      throw new FormatError('llama', 0, `'${name}': biases are not part of a Llama 3`);

  const divisors = await ropeDivisors(tensors.get(ROPE_FREQS), config);
  const frequencies = ropeFrequencies(config.headDim, config.ropeTheta, divisors);
  const file = { tensors, names: NAMES, reorder: undefined };
  return { config, weights: await loadWeights(device, config, file, frequencies, onProgress, vocabulary) };
}

async function ropeDivisors(
  tensor: StoredTensor | undefined,
  { headDim }: LlamaConfig,
): Promise<Float32Array | undefined> {
  if (tensor === undefined) return undefined;
  const [{ source, offset, bytes }] = tensor.parts;
  if (tensor.type !== 'f32' || tensor.rows !== 1 || tensor.cols !== headDim / 2)
    throw new FormatError('llama', offset, `${ROPE_FREQS} is not ${headDim / 2} f32 numbers`);
  return floats('f32', await source.read(offset, bytes));
}
