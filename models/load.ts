/** A model file made ready to run: weights on a device, tokenizer, prompt template. */
import type { Device } from '../kernels/kernels.ts';
import { readGguf } from './gguf/gguf.ts';
import type { LlamaConfig } from './llama/config.ts';
import { createLlama, type LlamaOptions } from './llama/forward.ts';
import { loadGgufWeights } from './llama/gguf.ts';
import type { Llama } from './llama/model.ts';
import { choosePrompt } from './prompts/choose.ts';
import type { PromptTemplate } from './prompts/prompt.ts';
import type { ByteSource } from './source.ts';
import type { BpeTokenizer } from './tokenizer/bpe-tokenizer.ts';
import { tokenizerFromGguf } from './tokenizer/from-gguf.ts';

export interface LoadOptions extends LlamaOptions {
  /** How conversations are worded; `auto` reads the file's own template. */
  readonly template: 'llama3' | 'chatml' | 'base' | 'auto';
  readonly onProgress?: (done: number, total: number) => void; // bytes of weights
}

export interface LoadedModel {
  readonly llama: Llama;
  readonly config: LlamaConfig;
  readonly tokenizer: BpeTokenizer;
  readonly prompt: PromptTemplate;
}

const CHAT_TEMPLATE = 'tokenizer.chat_template';

/**
 * Loads a GGUF model.
 *
 * Throws   FormatError when the file is not one that Cria can run, DeviceError when it does not fit
 */
export async function loadModel(
  device: Device,
  source: ByteSource,
  options: LoadOptions,
): Promise<LoadedModel> {
  const gguf = await readGguf(source);
  const tokenizer = tokenizerFromGguf(gguf);
  const prompt = choosePrompt({
    template: options.template,
    chatTemplate: gguf.metadata.has(CHAT_TEMPLATE) ? gguf.metadata.string(CHAT_TEMPLATE) : undefined,
    tokenizer,
  });
  const { config, weights } = await loadGgufWeights(device, source, gguf, options.onProgress ?? (() => {}));
  return { llama: createLlama(device, config, weights, options), config, tokenizer, prompt };
}
