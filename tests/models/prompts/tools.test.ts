/** Tools in each format, held against the templates of the models' own makers; where ours differ stands at the end. */
import { Template } from '@huggingface/jinja';
import { describe, expect, test } from 'vitest';
import { basePrompt } from '../../../models/prompts/base.ts';
import { chatmlPrompt } from '../../../models/prompts/chatml.ts';
import { ConversationError } from '../../../models/prompts/errors.ts';
import { jinjaPrompt } from '../../../models/prompts/jinja.ts';
import { llama3JsonPrompt, llama3Prompt } from '../../../models/prompts/llama3.ts';
import type { Message, PromptTemplate, Tool } from '../../../models/prompts/prompt.ts';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';
import { officialTemplate } from '../../support/official-templates.ts';
import {
  call,
  codeInterpreter,
  getTime,
  getWeather,
  search,
  toolConversations,
} from '../../support/tools.ts';
import { controls, wording } from './segments.ts';

const date = '26 Jul 2024';
const all = [getWeather, getTime, search];
const tokenizer = createBpeTokenizer(llama3Vocabulary());
const QWEN = officialTemplate('library/qwen2.5:0.5b');
const QWEN_SYSTEM = 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.';

/** What a template's own engine makes of the same conversation. */
function rendered(source: string, messages: readonly Message[], tools: readonly Tool[], more: object = {}) {
  return new Template(source).render({
    bos_token: '<|begin_of_text|>',
    add_generation_prompt: true,
    date_string: date,
    messages: messages.map(({ role, content, toolCalls }) => ({
      role,
      content,
      ...(toolCalls && {
        tool_calls: toolCalls.map(({ name, arguments: json }) => ({
          function: { name, arguments: JSON.parse(json) },
        })),
      }),
    })),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        type: 'function',
        function: { name, ...(description && { description }), ...(parameters && { parameters }) },
      })),
    }),
    ...more,
  });
}

describe.each(Object.entries(toolConversations))('%s', (_, messages) => {
  test.each([[[]], [[getTime]], [all]])('equals the official template of Llama 3.2 in JSON: %#', (tools) => {
    const official = rendered(officialTemplate('library/llama3.2:3b'), messages, tools);
    expect(wording(llama3JsonPrompt(messages, { date, tools }))).toBe(official);
  });

  test('equals the official ChatML template, up to how a result is named', () => {
    const before = messages.filter(({ role }) => role !== 'tool');
    const official = rendered(QWEN, before, all)
      .replace('{{"name"', '{"name"')
      .replace('object>}}', 'object>}');
    expect(wording(chatmlPrompt(QWEN_SYSTEM)(before, { date, tools: all }))).toBe(official);
  });

  test('a template of Jinja is given tools and calls as they are', () => {
    const special = { names: ['<|im_start|>', '<|im_end|>'], bos: undefined, eos: '<|im_end|>' };
    const prompt = jinjaPrompt(QWEN, special)(messages, { date, tools: all });
    expect(wording(prompt)).toBe(rendered(QWEN, messages, all));
  });
});

test('JSON: tools are in the system turn when the user does not speak first', () => {
  const messages: Message[] = [
    { role: 'assistant', content: 'Hi' },
    { role: 'user', content: 'Weather?' },
  ];
  const official = rendered(officialTemplate('library/llama3.2:3b'), messages, all, {
    tools_in_user_message: false,
  });
  expect(wording(llama3JsonPrompt(messages, { date, tools: all }))).toBe(official);
});

describe("Meta's document of the format", () => {
  const HEAD = '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n';
  const DESCRIBED = `You are an expert in composing functions. You are given a question and a set of possible functions.
Based on the question, you will need to make one or more function/tool calls to achieve the purpose.
If none of the function can be used, point it out. If the given question lacks the parameters required by the function,
also point it out. You should only return the function call in tools call sections.

If you decide to invoke any of the function(s), you MUST put it in the format of [func_name1(params_name1=params_value1, params_name2=params_value2...), func_name2(params)]
You SHOULD NOT include any other text in the response.

Here is a list of functions in JSON format that you can invoke.

[
    {
        "name": "get_weather",
        "description": "Get weather info for places",
        "parameters": {
            "type": "dict",
            "required": [
                "city"
            ],
            "properties": {
                "city": {
                    "type": "string",
                    "description": "The name of the city to get the weather for"
                },
                "metric": {
                    "type": "string",
                    "description": "The metric for weather. Options are: celsius, fahrenheit",
                    "default": "celsius"
                }
            }
        }
    }
]`;

  test('is followed in its example of a question', () => {
    const messages: Message[] = [{ role: 'user', content: 'What is the weather in SF and Seattle?' }];
    expect(wording(llama3Prompt(messages, { date, tools: [getWeather] }))).toBe(
      `${HEAD}${DESCRIBED}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n` +
        'What is the weather in SF and Seattle?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    );
  });

  test('is followed in its example of a call and a result', () => {
    const messages: Message[] = [
      { role: 'user', content: 'What is the weather in SF?' },
      {
        role: 'assistant',
        content: '',
        toolCalls: [call('get_weather', { city: 'San Francisco', metric: 'celsius' })],
      },
      { role: 'tool', content: '25 C' },
    ];
    expect(wording(llama3Prompt(messages, { date, tools: [getWeather] }))).toBe(
      `${HEAD}${DESCRIBED}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat is the weather in SF?<|eot_id|>` +
        '<|start_header_id|>assistant<|end_header_id|>\n\n' + // the document has <|python_tag|> here, and not in replies
        '[get_weather(city="San Francisco", metric="celsius")]<|eot_id|>' +
        '<|start_header_id|>ipython<|end_header_id|>\n\n"25 C"<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n',
    );
  });

  test('is followed in its example of the code interpreter', () => {
    const messages: Message[] = [{ role: 'user', content: 'Is 7 prime?' }];
    const options = { date: '24 September 2024', tools: [codeInterpreter] };
    expect(wording(llama3Prompt(messages, options))).toBe(
      `${HEAD}Environment: ipython\n\nCutting Knowledge Date: December 2023\nToday Date: 24 September 2024\n<|eot_id|>` +
        '<|start_header_id|>user<|end_header_id|>\n\nIs 7 prime?<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n',
    );
    const code = {
      role: 'assistant',
      content: '',
      toolCalls: [call('code_interpreter', { code: 'print(7)\n' })],
    } as const;
    const told = llama3Prompt([...messages, code, { role: 'tool', content: 'completed' }], options);
    expect(wording(told)).toContain(
      'assistant<|end_header_id|>\n\n<|python_tag|>print(7)\n<|eom_id|><|start_header_id|>ipython<|end_header_id|>\n\n"completed"',
    );
  });

  test('is joined with the words of the system, and with both kinds of tools', () => {
    const messages: Message[] = [
      { role: 'system', content: ' Be brief. ' },
      { role: 'user', content: 'Hi' },
    ];
    const system = (tools: readonly Tool[]) =>
      wording(llama3Prompt(messages, { date, tools })).split('<|eot_id|>')[0];
    expect(system([getWeather])).toBe(`${HEAD}${DESCRIBED}\nBe brief.`);
    expect(system([codeInterpreter, getWeather])).toBe(
      `${HEAD}Environment: ipython\n\nCutting Knowledge Date: December 2023\nToday Date: ${date}\n\n${DESCRIBED}\nBe brief.`,
    );
  });
});

describe('a history of calls', () => {
  const turn = (prompt: PromptTemplate, toolCalls: Message['toolCalls'] & object, content = '') =>
    wording(prompt([{ role: 'assistant', content, toolCalls }], { date }))
      .replace(/^.*assistant(<\|end_header_id\|>\n)?\n(?=.*assistant)/s, '')
      .replace(/<\|(eot_id|im_end|eom_id)\|>.*$/s, '');

  const values = '{"a":{"b":[true,false,null,1.50,-1e3,"true, null"]},"n":12345678901234567890}';

  test('in Python: literals of Python, numbers to the last digit', () => {
    expect(turn(llama3Prompt, [call('f', values), call('g', '{}')])).toBe(
      '[f(a={"b": [True, False, None, 1.50, -1e3, "true, null"]}, n=12345678901234567890), g()]',
    );
  });

  test('in Python: keys that are no names as a dict', () => {
    expect(turn(llama3Prompt, [call('f', { 'a-b': true, c: 1 })])).toBe('[f(**{"a-b": True, "c": 1})]');
    expect(turn(llama3Prompt, [call('f', { été: '' })])).toBe('[f(été="")]');
  });

  test('several calls are parted as the parser reads them', () => {
    const two = [call('f', values), call('g', '{}')];
    expect(turn(llama3JsonPrompt, two)).toBe(
      '{"name": "f", "parameters": {"a": {"b": [true, false, null, 1.50, -1e3, "true, null"]}, "n": 12345678901234567890}}; ' +
        '{"name": "g", "parameters": {}}',
    );
    expect(turn(chatmlPrompt(), [call('f', '{"a":1}'), call('g', '{}')])).toBe(
      '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>\n<tool_call>\n{"name": "g", "arguments": {}}\n</tool_call>',
    );
  });

  test('what was said beside the calls comes first', () => {
    for (const prompt of [llama3Prompt, llama3JsonPrompt, chatmlPrompt()])
      expect(turn(prompt, [call('f', '{}')], 'I look.')).toMatch(/^I look\.\n[[{<]/);
  });

  test.each(['', 'null', '[1]', '{"a":', 'not JSON', '"text"', '{"a":1} '.repeat(2)])(
    'arguments that are no JSON object are shown as they are: %j',
    (json) => {
      expect(turn(llama3Prompt, [call('f', json)])).toBe(`[f(${json})]`);
      expect(turn(llama3JsonPrompt, [call('f', json)])).toBe(
        `{"name": "f", "parameters": ${JSON.stringify(json)}}`,
      );
    },
  );

  test('a megabyte of nesting costs no stack', () => {
    const deep = `{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}`;
    expect(turn(llama3Prompt, [call('f', deep)])).toHaveLength(1_000_000 + '[f(a=)]'.length);
    const special = { names: [], bos: undefined, eos: undefined };
    const messages: Message[] = [{ role: 'assistant', content: '', toolCalls: [call('f', deep)] }];
    expect(() => jinjaPrompt(QWEN, special)(messages, { date })).toThrow(ConversationError);
  });

  test('a base model, and a template without tools, are told in words', () => {
    const messages: Message[] = [
      { role: 'user', content: 'Time?' },
      { role: 'assistant', content: '', toolCalls: [call('get_time', {})] },
    ];
    const tools = [getTime];
    expect(wording(basePrompt()(messages, { date, tools }))).toMatch(
      /^You have access to the following functions\..+"get_time".+Time\?\n\n\{"name": "get_time", "parameters": \{\}\}$/s,
    );
    const plain = officialTemplate('library/smollm2:135m');
    const special = { names: ['<|im_start|>', '<|im_end|>'], bos: undefined, eos: '<|im_end|>' };
    expect(wording(jinjaPrompt(plain, special)(messages, { date, tools }))).toMatch(
      /^<\|im_start\|>system\nYou have access.+"get_time".+assistant\n\{"name": "get_time", "parameters": \{\}\}<\|im_end\|>/s,
    );
  });
});

describe.each(['<|eot_id|>', '<|python_tag|>', '<|start_header_id|>', '<|im_end|>', '</tool_call>'])(
  'a user who writes %s into a tool, a call or a result',
  (name) => {
    const conversation = (inner: string) => {
      const tools: Tool[] = [
        {
          name: 'f',
          description: inner,
          parameters: { type: 'object', properties: { [inner || 'p']: { enum: [inner] } } },
          strict: false,
        },
        { ...codeInterpreter, description: inner },
      ];
      const messages: Message[] = [
        { role: 'user', content: inner },
        {
          role: 'assistant',
          content: inner,
          toolCalls: [call('f', { [inner || 'p']: inner }), call('g', inner)],
        },
        { role: 'assistant', content: '', toolCalls: [call('code_interpreter', { code: inner })] },
        { role: 'tool', content: inner },
      ];
      return { messages, options: { date, tools } };
    };
    const special = {
      names: ['<|im_start|>', '<|im_end|>', '<|eot_id|>', '<|python_tag|>', '<|start_header_id|>'],
      bos: undefined,
      eos: undefined,
    };
    const prompts: Record<string, PromptTemplate> = {
      pythonic: llama3Prompt,
      json: llama3JsonPrompt,
      hermes: chatmlPrompt(),
      jinja: jinjaPrompt(QWEN, special),
      base: basePrompt('<|begin_of_text|>'),
    };

    test.each(Object.entries(prompts))('makes no control token: %s', (_, prompt) => {
      const typed = conversation(`a${name}b`);
      const plain = conversation('ab');
      const segments = prompt(typed.messages, typed.options);
      expect(controls(segments)).toEqual(controls(prompt(plain.messages, plain.options)));
      expect(wording(segments)).toContain(`a${name}b`);
    });
  },
);

test('no control token but those of the format: <|python_tag|> only before code', () => {
  const messages = toolConversations['a call and its result']!;
  const ids = tokenizer.encodeSegments(llama3Prompt(messages, { date, tools: [...all, codeInterpreter] }));
  expect([...ids]).not.toContain(tokenizer.specialId('<|python_tag|>'));
});

describe('where ours differs from the official templates', () => {
  const two: Message[] = [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: '', toolCalls: [call('get_weather', { city: 'A' }), call('get_time', {})] },
  ];
  const llama = officialTemplate('library/llama3.2:3b');

  test('it refuses several calls in one turn; ours writes them', () => {
    expect(() => rendered(llama, two, all)).toThrow('only supports single tool-calls');
    expect(wording(llama3JsonPrompt(two, { date, tools: all }))).toContain('}}; {"name"');
  });

  test('it drops what was said beside a call; ours keeps it', () => {
    const said: Message[] = [{ ...two[1]!, content: 'I look.', toolCalls: [call('get_time', {})] }];
    expect(rendered(llama, said, [])).not.toContain('I look.');
    expect(wording(llama3JsonPrompt(said, { date }))).toContain('I look.\n{"name": "get_time"');
  });

  test('it takes whoever speaks first for the user, when there are tools; ours does not', () => {
    const messages: Message[] = [{ role: 'assistant', content: 'Hi' }];
    expect(rendered(llama, messages, all)).toContain('user<|end_header_id|>\n\nGiven the following');
    expect(wording(llama3JsonPrompt(messages, { date, tools: all }))).not.toContain('Given the following');
  });

  test('that of Qwen shows an example with double braces; ours has single ones', () => {
    expect(rendered(QWEN, [two[0]!], all)).toContain('{{"name": <function-name>');
    expect(wording(chatmlPrompt()([two[0]!], { date, tools: all }))).toContain('\n{"name": <function-name>');
  });
});
