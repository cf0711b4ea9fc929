import type { Device } from '../kernels/kernels.ts';
import type { Llama } from '../models/llama/model.ts';
import type { Tokenizer } from '../models/tokenizer/tokenizer.ts';
import { encodePrompt } from './encode-prompt.ts';
import { UnfitModelError } from './errors.ts';

export interface KnownAnswer {
  readonly prompt: string;
  /** The token that follows, as text. */
  readonly answer: string;
}

export interface SelfCheckParts {
  readonly llama: Llama;
  readonly device: Device;
  readonly tokenizer: Tokenizer;
}

/** Of a model whose answer nobody knows: its logits have to be numbers, which two tokens show; each more delays the start. */
const ANY = 'The';
const LIKELIEST = 5; // an 8-bit copy may prefer another word; by chance one in ten thousand is among these

/**
 * What has to hold before a model is let speak: its logits are numbers, and a known answer is among the likeliest.
 *
 * Throws   UnfitModelError
 */
export async function selfCheck(parts: SelfCheckParts, known: KnownAnswer | undefined): Promise<void> {
  const { llama, device, tokenizer } = parts;
  const template = () => [];
  const encoder = { tokenizer, template, today: () => '', vocabSize: llama.vocabSize };
  const text = known?.prompt ?? ANY;
  const ids = encodePrompt({ type: 'text', text }, [], encoder).subarray(0, llama.maxRows);
  const cache = llama.newCache(ids.length);
  try {
    const logits = llama.forward([{ cache, ids, logits: 'last' }]);
    const row = await device.read(logits, 0, llama.vocabSize);
    const odd = row.findIndex((logit) => !Number.isFinite(logit));
    if (odd >= 0) throw new UnfitModelError(`the logit of token ${odd} is ${row[odd]}`);
    if (known === undefined) return;

    const { ids: likeliest } = await device.topK(logits, 0, llama.vocabSize, LIKELIEST);
    const said = Array.from(likeliest, (id) => tokenizer.decode([id]));
    if (!said.includes(known.answer))
      throw new UnfitModelError(
        `${quoted(known.prompt)} is followed by ${said.map(quoted).join(', ')}, and not by ${quoted(known.answer)}`,
      );
  } finally {
    llama.freeCache(cache);
  }
}

const quoted = (text: string): string => JSON.stringify(text);
