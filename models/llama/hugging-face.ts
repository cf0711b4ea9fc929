/** A Llama as Hugging Face keeps it: config.json, and safetensors in one file or several. */
import * as z from 'zod';
import type { Device } from '../../kernels/kernels.ts';
import { rowBytes } from '../../kernels/quant/types.ts';
import { FormatError } from '../errors.ts';
import { readSafetensors, weightType } from '../safetensors.ts';
import type { ByteSource } from '../source.ts';
import { checked, type LlamaConfig } from './config.ts';
import type { LoadedWeights } from './gguf.ts';
import { loadWeights, type StoredTensor, type TensorNames } from './load-weights.ts';
import { llama3Divisors, type RopeScaling, ropeFrequencies } from './rope.ts';

const Scaling = z.object({
  rope_type: z.literal('llama3'),
  factor: z.number().positive(),
  low_freq_factor: z.number().positive(),
  high_freq_factor: z.number().positive(),
  original_max_position_embeddings: z.number().positive(),
});

/** What of config.json decides the arithmetic. Source: transformers configuration_llama.py */
const Config = z.object({
  model_type: z.literal('llama'),
  hidden_act: z.literal('silu').default('silu'),
  hidden_size: z.number(),
  intermediate_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  num_key_value_heads: z.number().optional(),
  head_dim: z.number().optional(),
  rms_norm_eps: z.number(),
  rope_theta: z.number().default(10_000),
  rope_scaling: Scaling.nullish(),
  max_position_embeddings: z.number(),
  attention_bias: z.literal(false).default(false),
  mlp_bias: z.literal(false).default(false),
});

const NAMES: TensorNames = {
  embedTokens: 'model.embed_tokens.weight',
  norm: 'model.norm.weight',
  lmHead: 'lm_head.weight',
  layer: (i) => ({
    inputLayernorm: `model.layers.${i}.input_layernorm.weight`,
    qProj: `model.layers.${i}.self_attn.q_proj.weight`,
    kProj: `model.layers.${i}.self_attn.k_proj.weight`,
    vProj: `model.layers.${i}.self_attn.v_proj.weight`,
    oProj: `model.layers.${i}.self_attn.o_proj.weight`,
    postAttentionLayernorm: `model.layers.${i}.post_attention_layernorm.weight`,
    gateProj: `model.layers.${i}.mlp.gate_proj.weight`,
    upProj: `model.layers.${i}.mlp.up_proj.weight`,
    downProj: `model.layers.${i}.mlp.down_proj.weight`,
  }),
};

/**
 * Loads a checkpoint's weights as they are; q and k rows are brought from half-split to interleaved order.
 *
 * Throws   FormatError when config.json is not a Llama's, or a tensor is missing or misshapen
 */
export async function loadHuggingFaceWeights(
  device: Device,
  configJson: unknown,
  shards: readonly ByteSource[],
  onProgress: (done: number, total: number) => void,
): Promise<LoadedWeights> {
  const { config, scaling } = configFromHuggingFace(configJson);
  const tensors = new Map<string, StoredTensor>();
  for (const source of shards)
    for (const [name, tensor] of (await readSafetensors(source)).tensors) {
      const [rows, cols] = tensor.shape.length === 2 ? tensor.shape : [1, ...tensor.shape];
      const { offset, bytes } = tensor;
      const matrix = tensor.shape.length <= 2 && rows !== undefined && cols !== undefined;
      const parts = [{ source, offset, bytes }] as const;
      if (matrix) tensors.set(name, { name, type: weightType(tensor), rows, cols, packed: false, parts });
    }

  const { headDim, ropeTheta } = config;
  const divisors = scaling === undefined ? undefined : llama3Divisors(headDim, ropeTheta, scaling);
  const frequencies = ropeFrequencies(headDim, ropeTheta, divisors);
  const model = { tensors, names: NAMES, reorder: interleaved(headDim) };
  return { config, weights: await loadWeights(device, config, model, frequencies, onProgress) };
}

/** config.json, checked. Throws FormatError naming the field. */
export function configFromHuggingFace(json: unknown): {
  config: LlamaConfig;
  scaling: RopeScaling | undefined;
} {
  const { data, error } = Config.safeParse(json);
  if (error !== undefined) {
    const { path, message } = error.issues[0]!;
    throw new FormatError('config.json', 0, `${path.join('.')}: ${message}`);
  }
  const heads = data.num_attention_heads;
  const config = checked({
    layers: data.num_hidden_layers,
    dim: data.hidden_size,
    heads,
    kvHeads: data.num_key_value_heads ?? heads,
    headDim: data.head_dim ?? data.hidden_size / heads,
    ffnDim: data.intermediate_size,
    normEps: data.rms_norm_eps,
    ropeTheta: data.rope_theta,
    contextLength: data.max_position_embeddings,
  });
  const rope = data.rope_scaling ?? undefined;
  return {
    config,
    scaling: rope && {
      factor: rope.factor,
      lowFreqFactor: rope.low_freq_factor,
      highFreqFactor: rope.high_freq_factor,
      originalContext: rope.original_max_position_embeddings,
    },
  };
}

/** Rows (i, headDim / 2 + i) of each head become neighbours 2i, 2i + 1. */
function interleaved(headDim: number) {
  return ({ type, rows, cols }: StoredTensor, bytes: Uint8Array): Uint8Array => {
    const stride = rowBytes(type, cols);
    const out = new Uint8Array(bytes.length);
    for (let row = 0; row < rows; row++) {
      const at = row % headDim;
      const from = row - at + (at % 2) * (headDim / 2) + (at >> 1);
      out.set(bytes.subarray(from * stride, (from + 1) * stride), row * stride);
    }
    return out;
  };
}
