import { type LlamaShape, llamaLayout } from '../../bench/llama-1b-layout.ts';
import { type RandomType, randomBlocks } from '../../bench/random-blocks.ts';
import { QUANT } from '../../kernels/quant/types.ts';

export interface RandomLlamaTypes {
  readonly type: RandomType;
  readonly embedding: RandomType;
  /** Of an output matrix of its own; tied to the embedding without. */
  readonly head?: RandomType;
}

/** A GGUF file in memory: a Llama of this shape with random weights, and Llama 3's vocabulary. */
export function randomLlama(shape: LlamaShape, types: RandomLlamaTypes): Uint8Array {
  const { header, tensors, size } = llamaLayout(shape, types);
  const file = new Uint8Array(size);
  file.set(header);
  for (const [i, { name, offset, bytes }] of tensors.entries()) {
    const type =
      name === 'token_embd.weight' ? types.embedding : name === 'output.weight' ? types.head! : types.type;
    const isVector = name.endsWith('norm.weight') || name === 'rope_freqs.weight';
    file.set(
      isVector
        ? new Uint8Array(new Float32Array(bytes / 4).fill(1).buffer)
        : randomBlocks(type, bytes / QUANT[type].blockBytes, i + 1),
      offset,
    );
  }
  return file;
}
