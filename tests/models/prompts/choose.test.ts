import { expect, test } from 'vitest';
import { FormatError } from '../../../models/errors.ts';
import { choosePrompt } from '../../../models/prompts/choose.ts';
import { llama3Prompt } from '../../../models/prompts/llama3.ts';
import type { Message } from '../../../models/prompts/prompt.ts';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { tokenizerFromGguf } from '../../../models/tokenizer/from-gguf.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';
import { officialTemplate } from '../../support/official-templates.ts';
import { smollm2Gguf } from '../../support/smollm2-gguf.ts';
import { wording } from './segments.ts';

const llama3 = createBpeTokenizer(llama3Vocabulary());
const gguf = await smollm2Gguf();
const smollm2 = tokenizerFromGguf(gguf);
const smollm2Template = gguf.metadata.string('tokenizer.chat_template');

const hello: Message[] = [{ role: 'user', content: 'Hi\x85' }]; // our own template strips U+0085, Jinja in JavaScript does not
const options = { date: '26 Jul 2024' };
const GREETING = 'You are a helpful AI assistant named SmolLM, trained by Hugging Face';

test.each(['library/llama3.1:8b', 'library/llama3.2:3b'])('auto knows %s by its words', (model) => {
  expect(choosePrompt({ template: 'auto', chatTemplate: officialTemplate(model), tokenizer: llama3 })).toBe(
    llama3Prompt,
  );
});

test('auto renders a template that only looks like one of ours', () => {
  const chatTemplate = officialTemplate('library/llama3.2:3b').replace('December 2023', 'March 2024');
  const prompt = choosePrompt({ template: 'auto', chatTemplate, tokenizer: llama3 });
  expect(prompt).not.toBe(llama3Prompt);
  expect(wording(prompt(hello, options))).toContain(
    'Cutting Knowledge Date: March 2024\nToday Date: 26 Jul 2024',
  );
});

test('auto takes the default system turn of SmolLM2 from its template', () => {
  const prompt = choosePrompt({ template: 'auto', chatTemplate: smollm2Template, tokenizer: smollm2 });
  expect(wording(prompt(hello, options))).toBe(
    `<|im_start|>system\n${GREETING}<|im_end|>\n<|im_start|>user\nHi\x85<|im_end|>\n<|im_start|>assistant\n`,
  );
});

test('auto without a template is a base model', () => {
  const prompt = (tokenizer: typeof llama3) => choosePrompt({ template: 'auto', tokenizer })(hello, options);
  expect(prompt(llama3)).toEqual([{ control: '<|begin_of_text|>' }, { text: 'Hi\x85' }]);
  expect(prompt(smollm2)).toEqual([{ text: 'Hi\x85' }]); // it was trained without bos
});

test('base puts a blank line between contents', () => {
  const prompt = choosePrompt({ template: 'base', chatTemplate: smollm2Template, tokenizer: smollm2 });
  expect(prompt([...hello, { role: 'assistant', content: '<|im_end|>' }], options)).toEqual([
    { text: 'Hi\x85\n\n<|im_end|>' },
  ]);
});

test('a template that is named is not looked for', () => {
  expect(choosePrompt({ template: 'llama3', tokenizer: llama3 })).toBe(llama3Prompt);
  const chatml = choosePrompt({ template: 'chatml', tokenizer: smollm2 });
  expect(wording(chatml(hello, options))).toBe('<|im_start|>user\nHi\x85<|im_end|>\n<|im_start|>assistant\n');
  const named = choosePrompt({ template: 'chatml', chatTemplate: smollm2Template, tokenizer: smollm2 });
  expect(wording(named(hello, options))).toContain(GREETING);
});

test('a chat template that is none is refused', () => {
  const choice = { template: 'auto', chatTemplate: '{% endfor %}', tokenizer: smollm2 } as const;
  expect(() => choosePrompt(choice)).toThrow(FormatError);
});
