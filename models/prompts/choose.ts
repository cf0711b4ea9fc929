import type { BpeTokenizer } from '../tokenizer/bpe-tokenizer.ts';
import { joinTexts } from '../tokenizer/segment.ts';
import { basePrompt } from './base.ts';
import { chatmlPrompt } from './chatml.ts';
import { GUARD_FORMATS, guardChatPrompt } from './guard3.ts';
import { jinjaPrompt } from './jinja.ts';
import { llama3JsonPrompt, llama3Prompt } from './llama3.ts';
import type { Message, PromptTemplate } from './prompt.ts';
import type { TemplateName } from './template-name.ts';
import type { ToolFormat } from './tool-format.ts';

export interface PromptChoice {
  readonly template: TemplateName;
  /** `tokenizer.chat_template` of the model file. */
  readonly chatTemplate?: string | undefined;
  readonly toolFormat?: ToolFormat | undefined;
  readonly tokenizer: Pick<BpeTokenizer, 'special' | 'addBos'>;
}

/**
 * The way to word a conversation for a model.
 *
 * Of `auto`, a template that words a set of conversations as one of ours does is ours; any other is rendered
 * as it stands; without one the model is a base model.
 *
 * Throws   FormatError when a template that has to be rendered is none
 */
export function choosePrompt({
  template,
  chatTemplate,
  toolFormat,
  tokenizer,
}: PromptChoice): PromptTemplate {
  const { special, addBos } = tokenizer;
  const llama3 = toolFormat === 'json' ? llama3JsonPrompt : llama3Prompt;
  if (template === 'llama3') return llama3;
  if (template === 'chatml') return chatmlPrompt(defaultSystemOf(chatTemplate ?? ''));
  if (template === 'guard3-1b' || template === 'guard3-8b') return guardChatPrompt(GUARD_FORMATS[template]);
  if (template === 'base' || chatTemplate === undefined) return basePrompt(addBos ? special.bos : undefined);

  const rendered = jinjaPrompt(chatTemplate, special);
  const ours = [llama3, chatmlPrompt(defaultSystemOf(chatTemplate))];
  return ours.find((known) => PROBES.every((probe) => sameWords(known, rendered, probe))) ?? rendered;
}

/** The system turn that a ChatML template spells out, in a string where a newline may be written either way. */
function defaultSystemOf(chatTemplate: string): string | undefined {
  const spelt = chatTemplate.replaceAll('\\n', '\n');
  return /<\|im_start\|>system\n([^'"{]*?)<\|im_end\|>/.exec(spelt)?.[1];
}

/** Conversations that tell templates apart: they differ in what they add, strip, rename, hide and refuse. */
const PROBES: readonly (readonly Message[])[] = [
  [{ role: 'user', content: 'a' }],
  [
    { role: 'system', content: ' s \n' },
    { role: 'user', content: '\n a ' },
    { role: 'assistant', content: ' <think>x</think> b ' },
    { role: 'user', content: '' },
  ],
  [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
    { role: 'tool', content: '{"t": "é\n"}' },
    { role: 'system', content: 'late' },
    { role: 'user', content: 'c' },
  ],
];

function sameWords(known: PromptTemplate, rendered: PromptTemplate, probe: readonly Message[]): boolean {
  const options = { date: '01 Feb 2034' };
  try {
    return JSON.stringify(joinTexts(known(probe, options))) === JSON.stringify(rendered(probe, options));
  } catch {
    return false; // refused: ours refuses nothing
  }
}
