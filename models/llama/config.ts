import { FormatError } from '../errors.ts';
import type { GgufMetadata } from '../gguf/metadata.ts';

/** A Llama's shape. */
export interface LlamaConfig {
  readonly layers: number;
  readonly dim: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffnDim: number;
  readonly normEps: number;
  readonly ropeTheta: number;
  readonly contextLength: number; // positions it was trained for
}

/** Where a GGUF keeps its chat template. */
export const CHAT_TEMPLATE = 'tokenizer.chat_template';

/** The largest values a sound file may state; beyond them lies no Llama, and a lot of memory. */
const LIMITS = {
  layers: 256,
  dim: 65_536,
  heads: 1024,
  headDim: 512,
  ffnDim: 1_048_576,
  contextLength: 16_777_216,
};

/**
 * Reads the shape from a GGUF header.
 *
 * Throws   FormatError when the architecture is not llama, a number is missing, or the numbers do not fit together
 * Source   ggml docs/gguf.md, section "llama"
 */
export function configFromGguf(metadata: GgufMetadata): LlamaConfig {
  const architecture = metadata.string('general.architecture');
  if (architecture !== 'llama') fail(`architecture is '${architecture}', Cria runs 'llama'`);

  const number = (key: string) => metadata.number(`llama.${key}`);
  const or = (key: string, fallback: number) => (metadata.has(`llama.${key}`) ? number(key) : fallback);
  const dim = number('embedding_length');
  const heads = number('attention.head_count');
  const headDim = or('attention.key_length', dim / heads);
  if (or('attention.value_length', headDim) !== headDim) fail('keys and values differ in length');
  if (or('rope.dimension_count', headDim) !== headDim) fail('only a part of each head is rotated');
  return checked({
    layers: number('block_count'),
    dim,
    heads,
    kvHeads: or('attention.head_count_kv', heads),
    headDim,
    ffnDim: number('feed_forward_length'),
    normEps: number('attention.layer_norm_rms_epsilon'),
    ropeTheta: or('rope.freq_base', 10_000),
    contextLength: number('context_length'),
  });
}

/** Throws FormatError when the numbers are no Llama's. */
export function checked(config: LlamaConfig): LlamaConfig {
  for (const [name, limit] of Object.entries(LIMITS)) {
    const value = config[name as keyof LlamaConfig];
    if (!Number.isInteger(value) || value < 1 || value > limit)
      fail(`${name} is ${value}, not 1 to ${limit}`);
  }
  const { heads, kvHeads, headDim, dim, normEps, ropeTheta } = config;
  if (!(kvHeads >= 1 && heads % kvHeads === 0))
    fail(`${heads} heads cannot share ${kvHeads} key-value heads`);
  if (headDim % 8 !== 0) fail(`headDim is ${headDim}, not a multiple of 8`);
  if (dim % 4 !== 0 || config.ffnDim % 4 !== 0) fail(`${dim} and ${config.ffnDim} must be multiples of 4`);
  if (!(normEps > 0 && normEps < 1)) fail(`the norm's epsilon is ${normEps}`);
  if (!(ropeTheta > 1 && ropeTheta < 1e12)) fail(`RoPE's theta is ${ropeTheta}`);
  return config;
}

function fail(problem: string): never {
  throw new FormatError('llama', 0, problem);
}
