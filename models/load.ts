/** A model's files made ready to run: weights on a device, tokenizer, prompt template. */
import type { Device } from '../kernels/kernels.ts';
import { readGguf } from './gguf/gguf.ts';
import type { CreateHasher } from './hashed-source.ts';
import { CHAT_TEMPLATE, checked, type LlamaConfig } from './llama/config.ts';
import { createLlama, type LlamaOptions } from './llama/forward.ts';
import { type LoadedWeights, loadGgufWeights, loadTensors } from './llama/gguf.ts';
import type { Llama } from './llama/model.ts';
import type { PackedManifest } from './packed/manifest.ts';
import { openPacked } from './packed/open.ts';
import { choosePrompt } from './prompts/choose.ts';
import type { PromptTemplate } from './prompts/prompt.ts';
import type { TemplateName } from './prompts/template-name.ts';
import { defaultToolFormat, type ToolFormat } from './prompts/tool-format.ts';
import type { ByteSource, OpenFile } from './source.ts';
import type { BpeTokenizer } from './tokenizer/bpe-tokenizer.ts';
import { tokenizerFromGguf } from './tokenizer/from-gguf.ts';

export interface LoadOptions extends LlamaOptions {
  readonly template: TemplateName;
  /** How calls of tools are written; by default as `defaultToolFormat` says. */
  readonly toolFormat?: ToolFormat | undefined;
  /** The only tokens that the model will be asked for, ascending: its output matrix, and its logits, have those alone. */
  readonly vocabulary?: (tokenizer: BpeTokenizer) => Uint32Array;
  readonly onProgress?: (done: number, total: number) => void; // bytes of weights
}

export interface LoadedModel {
  readonly llama: Llama;
  readonly config: LlamaConfig;
  readonly tokenizer: BpeTokenizer;
  readonly prompt: PromptTemplate;
  readonly toolFormat: ToolFormat;
}

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
  const { metadata } = gguf;
  const chatTemplate = metadata.has(CHAT_TEMPLATE) ? metadata.string(CHAT_TEMPLATE) : undefined;
  return ready(device, tokenizerFromGguf(gguf), chatTemplate, options, (onProgress, vocabulary) =>
    loadGgufWeights(device, source, gguf, onProgress, vocabulary),
  );
}

/**
 * Loads a packed model, as `cria pack` writes it; `open` finds the files that its manifest names.
 *
 * Throws   FormatError when it is packed for another layout, or not sound; IntegrityError, DeviceError
 */
export async function loadPackedModel(
  device: Device,
  manifest: PackedManifest,
  open: OpenFile,
  createHasher: CreateHasher,
  options: LoadOptions,
): Promise<LoadedModel> {
  const config = checked(manifest.config);
  const { tokenizer, tensors } = await openPacked(device, manifest, open, createHasher);
  return ready(device, tokenizer, manifest.chatTemplate, options, (onProgress, vocabulary) =>
    loadTensors(device, config, tensors, onProgress, vocabulary),
  );
}

/** The small things first: a model that lacks one is refused before its weights are read. */
async function ready(
  device: Device,
  tokenizer: BpeTokenizer,
  chatTemplate: string | undefined,
  options: LoadOptions,
  load: (
    onProgress: (done: number, total: number) => void,
    vocabulary: Uint32Array | undefined,
  ) => Promise<LoadedWeights>,
): Promise<LoadedModel> {
  const { template, toolFormat = defaultToolFormat({ template, chatTemplate }) } = options;
  const prompt = choosePrompt({ template, chatTemplate, toolFormat, tokenizer });
  const { config, weights } = await load(options.onProgress ?? (() => {}), options.vocabulary?.(tokenizer));
  return { llama: createLlama(device, config, weights, options), config, tokenizer, prompt, toolFormat };
}
