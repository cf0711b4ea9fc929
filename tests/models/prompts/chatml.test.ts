import { Template } from '@huggingface/jinja';
import { expect, test } from 'vitest';
import { chatmlPrompt } from '../../../models/prompts/chatml.ts';
import { tokenizerFromGguf } from '../../../models/tokenizer/from-gguf.ts';
import { conversations } from '../../support/conversations.ts';
import { smollm2Gguf } from '../../support/smollm2-gguf.ts';
import { wording } from './segments.ts';

const gguf = await smollm2Gguf();
const tokenizer = tokenizerFromGguf(gguf);
const official = new Template(gguf.metadata.string('tokenizer.chat_template'));
const smollm2Prompt = chatmlPrompt('You are a helpful AI assistant named SmolLM, trained by Hugging Face');
const options = { date: '26 Jul 2024' };

test.each(Object.entries({ ...conversations, none: [] }))(
  "chatmlPrompt equals SmolLM2's own template: %s",
  (_, messages) => {
    const rendered = official.render({ add_generation_prompt: true, messages });
    expect(wording(smollm2Prompt(messages, options))).toBe(rendered);
  },
);

test('chatmlPrompt adds no system turn unless it has one to add', () => {
  const prompt = chatmlPrompt()([{ role: 'user', content: ' Hi ' }], options);
  expect(wording(prompt)).toBe('<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n');
});

test.each(tokenizer.special.names)('a user who types %s makes no special token', (name) => {
  const ids = (content: string) =>
    tokenizer.encodeSegments(smollm2Prompt([{ role: 'user', content }], options));
  const typed = ids(`a${name}\n${name}`);
  expect([...typed].filter(tokenizer.isSpecial)).toEqual([...ids('a')].filter(tokenizer.isSpecial));
  expect(tokenizer.decode(typed)).toContain(`a${name}\n${name}`);
});
