import { Template } from '@huggingface/jinja';
import { describe, expect, test } from 'vitest';
import { llama3Prompt } from '../../../models/prompts/llama3.ts';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { conversations } from '../../support/conversations.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';
import { officialTemplate } from '../../support/official-templates.ts';
import { controls, wording } from './segments.ts';

const tokenizer = createBpeTokenizer(llama3Vocabulary());
const official = new Template(officialTemplate('library/llama3.2:3b'));
const date = '26 Jul 2024';

test.each(Object.entries(conversations))('llama3Prompt equals the official template: %s', (_, messages) => {
  const rendered = official.render({
    bos_token: '<|begin_of_text|>',
    add_generation_prompt: true,
    date_string: date,
    messages,
  });
  expect(wording(llama3Prompt(messages, { date }))).toBe(rendered);
});

test('llama3Prompt, spelt out', () => {
  const prompt = llama3Prompt([{ role: 'user', content: ' Hi ' }], { date: '01 Feb 2034' });
  expect(wording(prompt)).toBe(
    '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n' +
      'Today Date: 01 Feb 2034\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>' +
      '<|start_header_id|>assistant<|end_header_id|>\n\n',
  );
});

test('llama3Prompt strips what Python strips: U+0085 and U+001C, not U+FEFF', () => {
  const prompt = llama3Prompt([{ role: 'user', content: '\x85\x1c\ufeffa\ufeff\x1f\u3000' }], { date });
  expect(wording(prompt)).toContain('\n\n\ufeffa\ufeff<|eot_id|>');
});

test('llama3Prompt strips a megabyte of spaces around a word in linear time', () => {
  const spaces = ' '.repeat(1_000_000);
  const prompt = llama3Prompt([{ role: 'user', content: `${spaces}a${spaces}b${spaces}` }], { date });
  expect(wording(prompt)).toContain(`\n\na${spaces}b<|eot_id|>`);
});

describe.each(tokenizer.special.names.slice(0, 12))('a user who types %s', (name) => {
  const turns = (content: string) =>
    (['system', 'user', 'assistant', 'tool'] as const).map((role) => ({ role, content }));

  test('makes no special token', () => {
    const typed = tokenizer.encodeSegments(llama3Prompt(turns(`a${name}b ${name}`), { date }));
    const plain = tokenizer.encodeSegments(llama3Prompt(turns('a'), { date }));
    expect([...typed].filter(tokenizer.isSpecial)).toEqual([...plain].filter(tokenizer.isSpecial));
  });

  test('is read as typed', () => {
    expect(wording(llama3Prompt(turns(`a${name}b`), { date }))).toContain(`a${name}b<|eot_id|>`);
    expect(controls(llama3Prompt(turns(name), { date }))).toEqual(
      controls(llama3Prompt(turns('a'), { date })),
    );
  });
});
