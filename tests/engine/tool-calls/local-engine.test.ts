/** Tools through the whole engine: what reaches the prompt, what comes out, and when it stops. */
import { describe, expect, test } from 'vitest';
import type { CompletionRequest, Part } from '../../../engine/engine.ts';
import { TOOL_FORMATS } from '../../../models/prompts/tool-format.ts';
import { ask, localSetup, never, request } from '../../support/local-engine.ts';
import { EOS, recite, type Script, scriptedTokenizer, VOCAB } from '../../support/scripted-llama.ts';
import { getTime, getWeather } from '../../support/tools.ts';

const PYTHON_TAG = 258;
const tools = [getWeather, getTime];
const plain = scriptedTokenizer();
const tokenizer = {
  ...plain,
  specialId: (name: string) => (name === '<|python_tag|>' ? PYTHON_TAG : plain.specialId(name)),
};
const chat = (more: Partial<CompletionRequest> = {}) =>
  request('', {
    prompt: { type: 'chat', messages: [{ role: 'user', content: 'Weather?' }] },
    tools,
    ...more,
  });

/** Says `text`, with `<|python_tag|>`, the token, where it has a §. */
const reciteWithTag = (text: string): Script => {
  const bytes = [...new TextEncoder().encode(text.replaceAll('§', '\x01'))];
  return (tokens) => {
    const said = tokens.length - 1 - tokens.lastIndexOf('>'.charCodeAt(0));
    const logits = new Float32Array(VOCAB).fill(-10);
    logits[bytes[said] === 1 ? PYTHON_TAG : (bytes[said] ?? EOS)] = 10;
    return logits;
  };
};

const reply = async (text: string, more: Partial<CompletionRequest> = {}) => {
  const { engine } = localSetup({ script: reciteWithTag(text) }, {}, { tokenizer });
  const { done, ...told } = await ask(engine, chat(more));
  return { ...told, reason: done.reason, tokens: done.usage.completionTokens };
};

describe('an engine whose model may call tools', () => {
  test('tells calls from text', async () => {
    expect(await reply('Yes. [get_weather(city="São"), get_time()]')).toMatchObject({
      text: 'Yes. ',
      calls: [
        ['get_weather', '{"city":"São"}'],
        ['get_time', '{}'],
      ],
      reason: 'tool_calls',
    });
  });

  test('tells of arguments while they are written', async () => {
    const { engine } = localSetup({ script: recite('[get_weather(city="ab")]') });
    const parts: Part[] = [];
    for await (const part of (await engine.start(chat(), never())).parts) parts.push(part);
    expect(parts.slice(0, -1)).toEqual([
      { type: 'tool_call', index: 0, name: 'get_weather' },
      { type: 'tool_arguments', index: 0, text: '{"city":"' },
      { type: 'tool_arguments', index: 0, text: 'a' },
      { type: 'tool_arguments', index: 0, text: 'b' },
      { type: 'tool_arguments', index: 0, text: '"}' },
    ]);
  });

  test('reads <|python_tag|>, the token, and never shows it', async () => {
    expect(await reply('§get_time.call()')).toMatchObject({ text: '', calls: [['get_time', '{}']] });
    expect(await reply('Look: §print(1)')).toMatchObject({ text: 'Look: print(1)', reason: 'stop' });
    const code = [...tools, { name: 'code_interpreter', strict: false }];
    expect(await reply('§print(1)', { tools: code })).toMatchObject({
      calls: [['code_interpreter', '{"code":"print(1)"}']],
      reason: 'tool_calls',
    });
  });

  test('stops behind the first call when it may make one alone', async () => {
    const text = '[get_time(), get_weather(city="x")] and more';
    expect(await reply(text, { parallelToolCalls: false })).toEqual({
      text: '',
      calls: [['get_time', '{}']],
      reason: 'tool_calls',
      tokens: '[get_time()'.length,
    });
  });

  test('has no tools, in the prompt or the reply, when none is to be chosen', async () => {
    const given: unknown[] = [];
    const { engine } = localSetup(
      { script: recite('[get_time()]') },
      {},
      {
        prompt: (_, options) => {
          given.push(options.tools);
          return [{ text: '>' }];
        },
      },
    );
    expect((await ask(engine, chat({ toolChoice: 'none' }))).text).toBe('[get_time()]');
    expect(await ask(engine, chat())).toMatchObject({ text: '', calls: [['get_time', '{}']] });
    expect(given).toEqual([[], tools]);
  });

  test('without tools gives text at once, brackets or not', async () => {
    const { engine } = localSetup({ script: reciteWithTag('[f§{<') }, {}, { tokenizer });
    const pieces: string[] = [];
    for await (const part of (await engine.start(chat({ tools: [] }), never())).parts)
      if (part.type === 'text') pieces.push(part.text);
    expect(pieces).toEqual(['[', 'f', '{', '<']);
  });

  test('looks for stop strings in calls, too, across their borders', async () => {
    const text = '[get_weather(city="ab"), get_time()]';
    expect(await reply(text, { stop: ['), get'] })).toMatchObject({
      text: '',
      calls: [['get_weather', '{"city":"ab"']],
      reason: 'tool_calls',
    });
    expect(await reply('ab [get_tim', { stop: ['[get'] })).toMatchObject({ text: 'ab ', reason: 'stop' });
    expect(await reply('a#§get_time()', { stop: ['##'] })).toMatchObject({
      text: 'a#',
      calls: [['get_time', '{}']],
    });
  });

  test('gives what it held as text when the budget ends, and a call as far as it came', async () => {
    expect(await reply('[get_time()]', { maxTokens: 5 })).toMatchObject({ text: '[get_', reason: 'length' });
    expect(await reply('[get_weather(city="abc")]', { maxTokens: 21 })).toMatchObject({
      text: '',
      calls: [['get_weather', '{"city":"ab']],
      reason: 'length',
    });
  });

  test('gives the same with drafts', async () => {
    const text = `${'[get_weather(city="Oslo", metric="celsius")] '.repeat(8)}`;
    const passMs = (rows: number) => 10 + rows;
    const drafting = localSetup({ script: recite(text), passMs });
    const single = localSetup({ script: recite(text), passMs }, {}, { speculation: false });
    const [drafted, plainly] = [await ask(drafting.engine, chat()), await ask(single.engine, chat())];
    expect(drafted).toEqual(plainly);
    expect(drafted.calls).toHaveLength(8);
    expect(drafting.engine.stats().acceptedTokens).toBeGreaterThan(0);
  });

  test.each(TOOL_FORMATS)('calls what it has to, whatever the model would say: %s', async (toolFormat) => {
    for (const [toolChoice, names] of [
      ['required', ['get_weather', 'get_time']],
      [{ name: 'get_time' }, ['get_time']],
    ] as const) {
      const { engine } = localSetup({ script: recite('No, thanks.') }, {}, { toolFormat });
      const asked = chat({ toolChoice, parallelToolCalls: false, maxTokens: 400 });
      const { text, calls = [], done } = await ask(engine, asked);
      expect([text, calls.length, done.reason]).toEqual(['', 1, 'tool_calls']);
      expect(names).toContain(calls[0]![0]);
      JSON.parse(calls[0]![1]);
    }
  });

  test('holds a strict call it chose to make to its parameters, and goes on freely', async () => {
    const city = { type: 'object', properties: { city: { enum: ['Oslo'] } }, required: ['city'] };
    const strict = { name: 'get_weather', parameters: city, strict: true };
    const { engine } = localSetup({ script: recite('I look: [get_weather(city="Bern")] (a: b)') });
    expect(await ask(engine, chat({ tools: [strict] }))).toMatchObject({
      text: expect.stringMatching(/^I look: /),
      calls: [['get_weather', '{"city":"Oslo"}']],
    });
  });

  test('gives logprobs of the text alone', async () => {
    const { engine } = localSetup({ script: recite('ab [1] [get_time()]') });
    const { text, tokens = [] } = await ask(engine, chat({ logprobs: 0 }));
    expect(text).toBe('ab [1] ');
    expect(String.fromCharCode(...tokens.map(({ id }) => id))).toBe('ab [1] ');
  });
});
