import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { SchemaError } from '../../engine/errors.ts';
import type { Step } from '../support/scripted-engine.ts';
import { events, MODEL, testApp } from '../support/test-app.ts';

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const weather = {
  type: 'function',
  function: { name: 'get_weather', description: 'Weather', parameters, strict: true },
} as const;
const time = { type: 'function', function: { name: 'get_time' } } as const;

/** Two calls at once, the first of which comes in pieces, behind some text. */
const CALLS: readonly Step[] = [
  'I look. ',
  { type: 'tool_call', index: 0, name: 'get_weather' },
  { type: 'tool_arguments', index: 0, text: '{"city":"' },
  { type: 'tool_arguments', index: 0, text: 'Oslo"}' },
  { type: 'tool_call', index: 1, name: 'get_time' },
  { type: 'tool_arguments', index: 1, text: '{}' },
];

describe('a request with tools', () => {
  test('reaches the engine in its words', async () => {
    const { chat, engine } = testApp();
    await chat({ tools: [weather, time] });
    expect(engine.requests[0]).toMatchObject({
      tools: [
        { name: 'get_weather', description: 'Weather', parameters, strict: true },
        { name: 'get_time', strict: false },
      ],
      toolChoice: 'auto',
      parallelToolCalls: true,
    });
    expect(Object.keys(engine.requests[0]!.tools![1]!)).toEqual(['name', 'strict']);
  });

  test.each([
    ['none', 'none'],
    ['required', 'required'],
    [null, 'auto'],
    [{ type: 'function', function: { name: 'get_time' } }, { name: 'get_time' }],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'get_time' } }] },
      },
      { mode: 'required', names: ['get_time'] },
    ],
  ])('chooses %j', async (tool_choice, toolChoice) => {
    const { chat, engine } = testApp();
    expect((await chat({ tools: [weather, time], tool_choice, parallel_tool_calls: false })).status).toBe(
      200,
    );
    const [request] = engine.requests;
    expect(request).toMatchObject({ toolChoice, parallelToolCalls: false });
    expect(request!.tools!.map(({ name }) => name)).toEqual(['get_weather', 'get_time']);
  });

  test.each([{}, { tools: [] }, { tools: null, tool_choice: 'auto', parallel_tool_calls: true }])(
    'without any says nothing of them: %j',
    async (fields) => {
      const { chat, engine } = testApp();
      await chat(fields);
      for (const field of ['tools', 'toolChoice', 'parallelToolCalls'])
        expect(engine.requests[0]).not.toHaveProperty(field);
    },
  );

  test('shows calls and results of before as turns', async () => {
    const { chat, engine } = testApp();
    const call = (id: string, text: string) => ({
      id,
      type: 'function',
      function: { name: 'get_weather', arguments: text },
    });
    await chat({
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: null, tool_calls: [call('a', '{"city":"Oslo"}'), call('b', 'none')] },
        { role: 'tool', content: '2 C', tool_call_id: 'b' },
        { role: 'tool', content: [{ type: 'text', text: '3 C' }], tool_call_id: 'a' },
        { role: 'assistant', tool_calls: [call('c', '{}')] },
      ],
    });
    expect(engine.requests[0]!.prompt).toEqual({
      type: 'chat',
      messages: [
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: '',
          toolCalls: [
            { id: 'a', name: 'get_weather', arguments: '{"city":"Oslo"}' },
            { id: 'b', name: 'get_weather', arguments: 'none' },
          ],
        },
        { role: 'tool', content: '2 C' },
        { role: 'tool', content: '3 C' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'get_weather', arguments: '{}' }] },
      ],
    });
  });
});

describe('parameters that the engine cannot hold a call to', () => {
  const refusal = new SchemaError(['tools', 1, 'parameters', 'properties', 'x', 'not'], 'is not supported');

  test('are named as the request has them', async () => {
    const reply = await testApp({ refusal }).chat({ tools: [time, weather], tool_choice: 'required' });
    const { error } = await reply.json();
    expect([reply.status, error.param]).toEqual([400, 'tools[1].function.parameters.properties.x.not']);
    expect(error.message).toBe('tools[1].function.parameters.properties.x.not: is not supported');
  });

  test('are named as /v1/responses has them', async () => {
    const { app } = testApp({ refusal });
    const flat = [{ type: 'function', name: 'f', parameters: null, strict: null }];
    const body = JSON.stringify({ model: MODEL, input: 'hi', tools: flat });
    const { error } = await (await app.request('/v1/responses', { method: 'POST', body })).json();
    expect(error.param).toBe('tools[1].parameters.properties.x.not');
  });

  test('are all of them when they are too many', async () => {
    const tooLarge = new SchemaError(['tools'], 'is too large');
    const { error } = await (await testApp({ refusal: tooLarge }).chat({ tools: [time] })).json();
    expect(error.param).toBe('tools');
  });
});

describe('a reply with calls', () => {
  const ask = (steps: readonly Step[], fields: object = {}) =>
    testApp({ steps, reason: 'tool_calls' }).chat({ tools: [weather, time], ...fields });

  test('as a whole', async () => {
    const { choices } = await (await ask(CALLS)).json();
    const [{ message, finish_reason }] = choices;
    expect(finish_reason).toBe('tool_calls');
    expect(message).toEqual({
      role: 'assistant',
      content: 'I look. ',
      refusal: null,
      tool_calls: [
        {
          id: expect.stringMatching(/^call_id-\d+$/),
          type: 'function',
          function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
        },
        {
          id: expect.stringMatching(/^call_id-\d+$/),
          type: 'function',
          function: { name: 'get_time', arguments: '{}' },
        },
      ],
    });
    expect(message.tool_calls[0].id).not.toBe(message.tool_calls[1].id);
  });

  test('has no content when it says nothing, and content without calls', async () => {
    const called = await (await ask(CALLS.slice(1))).json();
    expect(called.choices[0].message.content).toBeNull();
    const silent = await (await testApp({ steps: [] }).chat({ tools: [time] })).json();
    expect(silent.choices[0].message).toEqual({ role: 'assistant', content: '', refusal: null });
  });

  test('as a stream, delta by delta', async () => {
    const all = await events(await ask(CALLS, { stream: true }));
    const choices = all.slice(0, -1).map((event) => JSON.parse(event).choices[0]);
    const call = (index: number, name: string) => ({
      tool_calls: [
        { index, id: expect.stringMatching(/^call_/), type: 'function', function: { name, arguments: '' } },
      ],
    });
    const more = (index: number, text: string) => ({
      tool_calls: [{ index, function: { arguments: text } }],
    });
    expect(choices.map(({ delta }) => delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'I look. ' },
      call(0, 'get_weather'),
      more(0, '{"city":"'),
      more(0, 'Oslo"}'),
      call(1, 'get_time'),
      more(1, '{}'),
      {},
    ]);
    expect(choices.map(({ finish_reason }) => finish_reason).filter(Boolean)).toEqual(['tool_calls']);
    expect(choices.at(-1).finish_reason).toBe('tool_calls');
  });

  test('of several choices, each with calls of its own', async () => {
    const reply = await testApp({ each: [CALLS, ['No.']], reason: 'stop' }).chat({ tools: [time], n: 2 });
    const { choices } = await reply.json();
    expect(choices[0].message.tool_calls).toHaveLength(2);
    expect(choices[1].message).not.toHaveProperty('tool_calls');
  });

  test('that broke off is given as it is', async () => {
    const steps = CALLS.slice(0, 3);
    const { choices } = await (await testApp({ steps, reason: 'length' }).chat({ tools: [weather] })).json();
    expect(choices[0].message.tool_calls[0].function.arguments).toBe('{"city":"');
    expect(choices[0].finish_reason).toBe('length');
  });
});

describe('the openai client', () => {
  const connect = (each: readonly (readonly Step[])[], reason?: 'tool_calls') => {
    const { app, engine } = testApp({ each, ...(reason && { reason }) });
    const client = new OpenAI({
      apiKey: 'none',
      baseURL: 'http://localhost/v1',
      maxRetries: 0,
      fetch: async (url, init) => app.request(url as string, init),
    });
    return { engine, chat: client.chat.completions };
  };
  const messages = [{ role: 'user' as const, content: 'Weather in Oslo?' }];
  const asked: unknown[] = [];
  const runnable = (name: string, answer: string) => ({
    type: 'function' as const,
    function: {
      name,
      description: '',
      parameters,
      parse: JSON.parse,
      function: (args: unknown) => {
        asked.push([name, args]);
        return answer;
      },
    },
  });
  const tools = [runnable('get_weather', '2 C'), runnable('get_time', 'noon')];

  test.each([true, false])('runs the tools and goes on, with stream %s', async (stream) => {
    asked.length = 0;
    const { chat, engine } = connect([CALLS, ['It is 2 C', ' at noon.']]);
    const content = await (stream
      ? chat.runTools({ model: MODEL, messages, tools, stream }).finalContent()
      : chat.runTools({ model: MODEL, messages, tools }).finalContent());

    expect(content).toBe('It is 2 C at noon.');
    expect(asked).toEqual([
      ['get_weather', { city: 'Oslo' }],
      ['get_time', {}],
    ]);
    expect(engine.requests[1]!.prompt).toMatchObject({
      messages: [
        { role: 'user' },
        {
          role: 'assistant',
          content: 'I look. ',
          toolCalls: [
            { name: 'get_weather', arguments: '{"city":"Oslo"}' },
            { name: 'get_time', arguments: '{}' },
          ],
        },
        { role: 'tool', content: '2 C' },
        { role: 'tool', content: 'noon' },
      ],
    });
  });

  test('assembles a stream into calls', async () => {
    const { chat } = connect([CALLS], 'tool_calls');
    const stream = chat.stream({ model: MODEL, messages, tools: [weather, time] });
    const deltas: string[] = [];
    const done: unknown[] = [];
    stream.on('tool_calls.function.arguments.delta', ({ arguments_delta }) => deltas.push(arguments_delta));
    stream.on('tool_calls.function.arguments.done', ({ name, arguments: text }) => done.push([name, text]));

    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]!.finish_reason).toBe('tool_calls');
    expect(choices[0]!.message.tool_calls).toMatchObject([
      { type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
      { type: 'function', function: { name: 'get_time', arguments: '{}' } },
    ]);
    expect(deltas.join('')).toBe('{"city":"Oslo"}{}');
    expect(done).toEqual([
      ['get_weather', '{"city":"Oslo"}'],
      ['get_time', '{}'],
    ]);
  });
});
