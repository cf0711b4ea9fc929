import { type FileHandle, open } from 'node:fs/promises';
import { dequantise } from '../kernels/quant/dequantise.ts';
import { QUANT } from '../kernels/quant/types.ts';
import { openFileSource } from '../models/cli/file-source.ts';
import { readGguf } from '../models/gguf/gguf.ts';
import type { GgufMetadata } from '../models/gguf/metadata.ts';
import { ggufLayout, type MetadataValue } from '../tests/support/gguf-writer.ts';

/** What a loader needs to know of a Llama, by how GGUF types it. */
const KEYS = {
  string: ['general.architecture', 'tokenizer.ggml.model', 'tokenizer.ggml.pre', 'tokenizer.chat_template'],
  u32: [
    'llama.block_count',
    'llama.context_length',
    'llama.embedding_length',
    'llama.feed_forward_length',
    'llama.vocab_size',
    'llama.attention.head_count',
    'llama.attention.head_count_kv',
    'llama.attention.key_length',
    'llama.attention.value_length',
    'llama.rope.dimension_count',
    'tokenizer.ggml.bos_token_id',
    'tokenizer.ggml.eos_token_id',
  ],
  f32: ['llama.attention.layer_norm_rms_epsilon', 'llama.rope.freq_base'],
  bool: ['tokenizer.ggml.add_bos_token', 'tokenizer.ggml.add_space_prefix'],
  strings: ['tokenizer.ggml.tokens', 'tokenizer.ggml.merges'],
  i32s: ['tokenizer.ggml.token_type'],
} as const;

/**
 * Writes a Llama's GGUF file again with every weight as the f32 number it stands for. Engines that round activations
 * to the weights' precision round nothing on such a file, so that two of them can be compared closely.
 */
export async function dequantiseGguf(fromPath: string, toPath: string): Promise<void> {
  await using from = await openFileSource(fromPath);
  const { metadata, tensors } = await readGguf(from);
  const specs = [...tensors.values()].map(({ name, shape }) => ({ name, shape, type: 'f32' as const }));
  const layout = ggufLayout(copied(metadata), specs);

  const to: FileHandle = await open(toPath, 'w');
  try {
    await to.write(layout.header, 0, layout.header.length, 0);
    for (const placed of layout.tensors) {
      const { type, offset, bytes } = tensors.get(placed.name)!;
      const count = (bytes / QUANT[type].blockBytes) * QUANT[type].blockSize;
      const weights = dequantise(type, await from.read(offset, bytes), count);
      await to.write(new Uint8Array(weights.buffer), 0, placed.bytes, placed.offset);
    }
  } finally {
    await to.close();
  }
}

function copied(metadata: GgufMetadata): Record<string, MetadataValue> {
  const out: Record<string, MetadataValue> = {};
  const copy = (keys: readonly string[], get: (key: string) => MetadataValue) => {
    for (const key of keys) if (metadata.has(key)) out[key] = get(key);
  };
  copy(KEYS.string, (key) => metadata.string(key));
  copy(KEYS.u32, (key) => metadata.number(key));
  copy(KEYS.f32, (key) => ({ f32: metadata.number(key) }));
  copy(KEYS.bool, (key) => metadata.bool(key));
  copy(KEYS.strings, (key) => [...metadata.stringArray(key)]);
  copy(KEYS.i32s, (key) => Int32Array.from(metadata.numberArray(key)));
  return out;
}
