import { Template } from '@huggingface/jinja';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FormatError } from '../../../models/errors.ts';
import { ConversationError } from '../../../models/prompts/errors.ts';
import { jinjaPrompt } from '../../../models/prompts/jinja.ts';
import type { Message } from '../../../models/prompts/prompt.ts';
import { conversations } from '../../support/conversations.ts';
import { officialTemplate } from '../../support/official-templates.ts';
import { controls, wording } from './segments.ts';

const date = '26 Jul 2024';

// The oracle reads the clock for templates that ask it for the date; ours is handed it.
beforeAll(() => void vi.useFakeTimers({ now: new Date(2024, 6, 26, 12) }));
afterAll(() => void vi.useRealTimers());
const bracketed = /<[|｜][^<>'"{}\s]+[|｜]>/gu;

/** The special tokens that a template writes, as far as they can be told by their looks. */
const specialOf = (source: string) => ({
  names: [
    ...new Set([
      ...(source.match(bracketed) ?? []),
      '<s>',
      '</s>',
      '<start_of_turn>',
      '<end_of_turn>',
      '[INST]',
    ]),
  ],
  bos: '<s>',
  eos: '</s>',
});

/** What the template says when it is handed the conversation as it stands, or why it refuses. */
function render(source: string, messages: readonly object[]): string | undefined {
  try {
    return new Template(source).render({
      ...{ bos_token: '<s>', eos_token: '</s>', add_generation_prompt: true, date_string: date },
      messages,
    });
  } catch {
    return undefined;
  }
}

describe.each([
  'library/llama3.2:3b',
  'library/llama3.1:8b',
  'library/llama3:8b',
  'library/llama2:7b',
  'library/smollm2:135m',
  'library/qwen2.5:0.5b',
  'library/qwen3:0.6b',
  'library/deepseek-r1:8b',
  'library/gemma2:2b',
  'library/mistral:7b-instruct-fp16',
  'library/phi3:3.8b',
  'library/command-r:35b',
  'library/granite3.2:8b',
  'library/hermes3:70b',
  'library/tinyllama:1.1b',
])('jinjaPrompt with %s', (model) => {
  const source = officialTemplate(model);
  const special = specialOf(source);
  const prompt = jinjaPrompt(source, special);

  test.each(Object.entries(conversations))('says what the template says: %s', (_, messages) => {
    const expected = render(source, messages);
    if (expected === undefined) expect(() => prompt(messages, { date })).toThrow(ConversationError);
    else expect(wording(prompt(messages, { date }))).toBe(expected);
  });

  test('keeps a user from making its special tokens', () => {
    const talk = (content: string): Message[] => [
      { role: 'user', content },
      { role: 'assistant', content },
      { role: 'user', content },
    ];
    for (const name of special.names) {
      const typed = prompt(talk(`x${name} ${name}y`), { date });
      expect(controls(typed)).toEqual(controls(prompt(talk('xy'), { date })));
      expect(wording(typed)).toBe(render(source, talk(`x${name} ${name}y`)));
    }
  });
});

describe('a template that', () => {
  const special = {
    names: ['<|a|>', '<|b|>', '<|long|>', '<|long|>er', '<sp>', '<|"|>'],
    bos: '<|a|>',
    eos: '<|b|>',
  };
  const say = (source: string, ...contents: string[]) =>
    jinjaPrompt(source, special)(
      contents.map((content) => ({ role: 'user', content })),
      { date },
    );
  const each = (body: string) => `{% for message in messages %}${body}{% endfor %}`;
  const SPELT = '<|a|><|b|>';

  test.each([
    ['strips contents', '{{ message.content | trim }};', ['  <|a|> x\n', ' '], '<|a|> x;;'],
    ['asks whether there is content', "{{ 'yes' if message.content else 'no' }};", [SPELT, ''], 'yes;no;'],
    ['measures contents', '{{ message.content | length }};', [SPELT, '🦙'], '10;2;'],
    ['slices contents', '{{ message.content[1:4] }};', [SPELT], '|a|;'],
    ['looks for a tag', "{{ '</t>' in message.content }};", ['<t>x</t><|a|>', 'x'], 'true;false;'],
    ['cuts at a tag', "{{ message.content.split('</t>')[-1] }};", ['<t>x</t><|a|>'], '<|a|>;'],
    ['asks for a string', '{{ message.content is string }}{{ message.content }};', ['x'], 'truex;'],
    ['writes JSON', '{{ message.content | tojson }};', ['"\\<|a|>\n'], '"\\"\\\\<|a|>\\n";'],
  ])('%s does so', (_, body, contents, expected) => {
    const keepsProbe = "{{ message.content if message.content == 'probe' }}";
    const segments = say(each(body + keepsProbe), ...contents);
    expect(wording(segments)).toBe(expected);
    expect(controls(segments)).toEqual([]);
  });

  test('looks for a tag that is a special token does not find it in contents', () => {
    const body = each("{{ '<sp>' in message.content }}{{ message.content }}");
    expect(say(body, 'x<sp>y')).toEqual([{ text: 'falsex<sp>y' }]);
  });

  test('takes contents as parts is given parts', () => {
    const parts = each(
      "{{ bos_token }}{% for part in message['content'] %}{{ part['text'] | trim }}{% endfor %}",
    );
    expect(say(parts, ' x<|b|> ')).toEqual([{ control: '<|a|>' }, { text: 'x<|b|>' }]);
  });

  test('writes special tokens makes them, the longest that fits', () => {
    expect(
      say(each('{{ bos_token }}{{ message.content }}<|long|>er<|long|>{{ eos_token }}<|c|>'), 'x'),
    ).toEqual([
      { control: '<|a|>' },
      { text: 'x' },
      { control: '<|long|>er' },
      { control: '<|long|>' },
      { control: '<|b|>' },
      { text: '<|c|>' },
    ]);
  });

  test('joins contents makes no special token of their ends', () => {
    const joined = each('{{ message.content }}');
    expect(say(joined, '<|', 'a|>', '<', '|a|', '>')).toEqual([{ text: '<|a|><|a|>' }]);
    expect(say(each('<|{{ message.content }}|>'), 'a', '|>a<|')).toEqual([
      { control: '<|a|>' }, // letters alone are nobody's mark: here the template itself wrote <| and |>
      { text: '<||>a<||>' },
    ]);
  });

  test('cuts things out of contents makes no special token of what is left', () => {
    const cut = each("{{ message.content | replace('</t>', '') }}");
    expect(say(cut, '<|</t>a|>')).toEqual([{ text: '<|a|>' }]);
  });

  test('meets private characters gives them back', () => {
    const everyShortOne = Array.from({ length: 0x1900 }, (_, i) => String.fromCharCode(0xe000 + i)).join('');
    const body = each('{{ message.content }}\ue005');
    for (const content of ['\ue000<|a|>\ue001', `${everyShortOne}<|a|>`, '\u{f0000}<|a|>'])
      expect(say(body, content)).toEqual([{ text: `${content}\ue005` }]);
  });

  test('asks for the date gets the one handed in', () => {
    expect(say(each("{{ message.content }}{{ strftime_now('%Y-%m-%d') }}{{ date_string }}"), '')).toEqual([
      { text: '2024-07-2626 Jul 2024' },
    ]);
  });

  test('counts has range()', () => {
    const body =
      '{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}';
    expect(wording(say(each(`{{ message.content }}${body}`), ''))).toBe('012531');
  });

  test('raises, refuses the conversation', () => {
    const picky = each(
      "{{ raise_exception('roles must alternate') if loop.index > 1 }}{{ message.content }}",
    );
    expect(wording(say(picky, 'x'))).toBe('x');
    expect(() => say(picky, 'x', 'y')).toThrow(new ConversationError('roles must alternate'));
  });

  test.each([
    ['{% for %}', /chat template: byte 0: /],
    ['{{ bos_token }}', /leaves out what a user says/],
    ["{{ raise_exception('never') }}", /never/],
  ])('is %j is refused when the model is loaded', (source, message) => {
    expect(() => jinjaPrompt(source, special)).toThrow(FormatError);
    expect(() => jinjaPrompt(source, special)).toThrow(message);
  });
});
