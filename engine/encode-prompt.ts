import type { PromptTemplate, Tool } from '../models/prompts/prompt.ts';
import type { Tokenizer } from '../models/tokenizer/tokenizer.ts';
import type { Prompt } from './engine.ts';
import { InvalidPromptError } from './errors.ts';

export interface PromptEncoder {
  readonly tokenizer: Tokenizer;
  readonly template: PromptTemplate;
  /** "26 Jul 2024" */
  readonly today: () => string;
  /** Ids the model has embeddings for. */
  readonly vocabSize: number;
}

/**
 * The ids a model reads for a prompt. Text gets bos where the model wants it; ids are taken as they are; an empty
 * prompt becomes bos alone, so that a base model can begin from nothing.
 *
 * Throws   InvalidPromptError
 */
export function encodePrompt(prompt: Prompt, tools: readonly Tool[], encoder: PromptEncoder): Uint32Array {
  const { tokenizer, vocabSize } = encoder;
  const ids = idsOf(prompt, tools, encoder);
  if (ids.length > 0) return ids;

  const begin = tokenizer.bosId ?? tokenizer.eosId;
  if (begin === undefined || begin >= vocabSize)
    throw new InvalidPromptError('the prompt is empty, and the vocabulary has no token to begin with');
  return Uint32Array.of(begin);
}

function idsOf(
  prompt: Prompt,
  tools: readonly Tool[],
  { tokenizer, template, today, vocabSize }: PromptEncoder,
): Uint32Array {
  switch (prompt.type) {
    case 'chat':
      return tokenizer.encodeSegments(template(prompt.messages, { date: today(), tools }));

    case 'text': {
      const ids = tokenizer.encode(prompt.text);
      if (!tokenizer.addBos || tokenizer.bosId === undefined) return ids;
      const withBos = new Uint32Array(ids.length + 1);
      withBos[0] = tokenizer.bosId;
      withBos.set(ids, 1);
      return withBos;
    }

    case 'tokens': {
      const wrong = prompt.ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
      if (wrong >= 0)
        throw new InvalidPromptError(
          `token ${wrong} of the prompt is ${prompt.ids[wrong]}; ids are integers from 0 to ${vocabSize - 1}`,
        );
      return Uint32Array.from(prompt.ids);
    }
  }
}
