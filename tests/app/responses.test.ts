import OpenAI, { NotFoundError } from 'openai';
import { describe, expect, test } from 'vitest';
import { ContextLengthError, SchemaError } from '../../engine/errors.ts';
import type { Script } from '../support/scripted-engine.ts';
import { MODEL, START_MS, testApp } from '../support/test-app.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

function connect(script: Partial<Script> = {}, options: Parameters<typeof testApp>[1] = {}) {
  const made = testApp(script, options);
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://localhost/v1',
    maxRetries: 0,
    fetch: async (url, init) => made.app.request(url as string, init),
  });
  const send = (fields: object) =>
    made.app.request('/v1/responses', {
      method: 'POST',
      body: JSON.stringify({ model: MODEL, input: 'hi', ...fields }),
    });
  const kept = async () => (await made.storage.list('response', { limit: 9, order: 'asc' }))!.records.length;
  const messages = () => {
    const { prompt } = made.engine.requests.at(-1)!;
    return prompt.type === 'chat' ? prompt.messages : [];
  };
  return { ...made, responses: client.responses, send, kept, messages };
}

describe('a response', () => {
  test('answers, and has the fields of its request', async () => {
    const { responses, engine } = connect({
      usage: { promptTokens: 7, cachedTokens: 3, completionTokens: 2 },
    });
    const response = await responses.create({
      model: MODEL,
      input: 'hi',
      instructions: 'be brief',
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 20,
      metadata: { a: 'b' },
    });
    expect(response.output_text).toBe('Hello world');
    expect(response).toMatchObject({
      object: 'response',
      status: 'completed',
      created_at: Math.floor(START_MS / 1000),
      completed_at: Math.floor(START_MS / 1000),
      error: null,
      incomplete_details: null,
      instructions: 'be brief',
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 20,
      metadata: { a: 'b' },
      usage: {
        input_tokens: 7,
        input_tokens_details: { cached_tokens: 3 },
        output_tokens: 2,
        total_tokens: 9,
      },
      output: [{ type: 'message', role: 'assistant', status: 'completed' }],
    });
    expect(engine.requests[0]).toMatchObject({
      model: MODEL,
      maxTokens: 20,
      sampling: { temperature: 0.5, topP: 0.9 },
      prompt: {
        messages: [
          { role: 'system', content: 'be brief' },
          { role: 'user', content: 'hi' },
        ],
      },
    });
  });

  test('that runs into its limit is incomplete, and says so', async () => {
    const { responses } = connect({ reason: 'length' });
    expect(await responses.create({ model: MODEL, input: 'hi' })).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete', content: [{ text: 'Hello world' }] }],
    });
  });

  test('of no text is an empty message', async () => {
    const { responses } = connect({ steps: [] });
    const { output } = await responses.create({ model: MODEL, input: 'hi' });
    expect(output).toMatchObject([{ type: 'message', content: [{ type: 'output_text', text: '' }] }]);
  });

  test('takes items of every kind, in order', async () => {
    const { responses, messages } = connect();
    await responses.create({
      model: MODEL,
      input: [
        { role: 'developer', content: 'rules' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'a' },
            { type: 'input_text', text: 'b' },
          ],
        },
        { role: 'assistant', content: 'let me see' },
        { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"x":1}' },
        { type: 'function_call', call_id: 'c2', name: 'g', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c2', output: 'two' },
        { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'one' }] },
        { type: 'message', role: 'user', content: 'and?' },
      ],
    });
    expect(messages()).toEqual([
      { role: 'system', content: 'rules' },
      { role: 'user', content: 'a\nb' },
      {
        role: 'assistant',
        content: 'let me see',
        toolCalls: [
          { id: 'c1', name: 'f', arguments: '{"x":1}' },
          { id: 'c2', name: 'g', arguments: '{}' },
        ],
      },
      { role: 'tool', content: 'two' },
      { role: 'tool', content: 'one' },
      { role: 'user', content: 'and?' },
    ]);
  });

  test("takes its own output back, with what the client's own helpers add", async () => {
    const { responses, messages } = connect();
    const first = await responses.stream({ model: MODEL, input: 'hi' }).finalResponse();
    await responses.create({
      model: MODEL,
      input: [{ role: 'user', content: 'hi' }, ...first.output, { role: 'user', content: 'more' }] as never,
    });
    expect(messages().map(({ content }) => content)).toEqual(['hi', 'Hello world', 'more']);
  });
});

describe('a response that has to be JSON', () => {
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
  const strict = { type: 'json_schema', name: 'thing', schema, strict: true } as const;

  test('is asked of the engine, and said back', async () => {
    const { responses, engine } = connect({ steps: ['{"a":1}'] });
    const made = await responses.parse({ model: MODEL, input: 'hi', text: { format: strict } });
    expect(engine.requests[0]!.format).toEqual({ type: 'json_schema', schema });
    expect(made.text!.format).toEqual(strict);
    await responses.create({ model: MODEL, input: 'hi', text: { format: { type: 'json_object' } } });
    expect(engine.requests[1]!.format).toEqual({ type: 'json' });
    await responses.create({ model: MODEL, input: 'hi', text: { format: { type: 'text' } } });
    expect(engine.requests[2]!.format).toBeUndefined();
  });

  test('is refused for a schema that cannot be kept to, and the place is named', async () => {
    const { send } = connect({ refusal: new SchemaError(['format', 'schema', 'properties', 'a'], 'no') });
    const { error } = await (await send({ text: { format: strict } })).json();
    expect(error.param).toBe('text.format.schema.properties.a');
  });
});

test('logprobs come with the text, in the stream and in the end', async () => {
  const token = (text: string) => ({
    id: 1,
    bytes: new TextEncoder().encode(text),
    logprob: -0.5,
    top: [{ id: 2, bytes: Uint8Array.of(0xff), logprob: -1 }],
    start: 0,
  });
  const said = ['a', 'b'].map((text) => ({ type: 'text' as const, text, tokens: [token(text)] }));
  const { responses, engine } = connect({ steps: said });
  const asked = { model: MODEL, input: 'hi', include: ['message.output_text.logprobs' as const] };
  const stream = responses.stream({ ...asked, top_logprobs: 1 });
  const logprobs = (text: string) => [
    {
      token: text,
      logprob: -0.5,
      bytes: [text.charCodeAt(0)],
      top_logprobs: [{ token: '\\xff', logprob: -1, bytes: [0xff] }],
    },
  ];
  const deltas: unknown[] = [];
  stream.on('response.output_text.delta', (event) => deltas.push(event.logprobs));
  const { output } = await stream.finalResponse();
  expect(deltas).toEqual([logprobs('a'), logprobs('b')]);
  expect(output).toMatchObject([{ content: [{ logprobs: [...logprobs('a'), ...logprobs('b')] }] }]);
  expect(engine.requests[0]!.logprobs).toBe(1);
  await responses.create(asked);
  expect(engine.requests[1]!.logprobs).toBe(0);
  await responses.create({ model: MODEL, input: 'hi' });
  expect(engine.requests[2]!).not.toHaveProperty('logprobs');
});

describe('tools', () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  const weather = {
    type: 'function',
    name: 'weather',
    description: 'Tells.',
    parameters,
    strict: true,
  } as const;
  const clock = { type: 'function', name: 'clock', parameters: null, strict: null } as const;
  const call = (index: number, name: string, ...texts: string[]) => [
    { type: 'tool_call' as const, index, name },
    ...texts.map((text) => ({ type: 'tool_arguments' as const, index, text })),
  ];

  test('are told to the engine, and said back', async () => {
    const { responses, engine } = connect();
    const asked = { model: MODEL, input: 'hi', tools: [weather, clock] };
    const made = await responses.create({ ...asked, parallel_tool_calls: false });
    expect(made.tools).toEqual([weather, { ...clock, strict: false }]);
    expect(made.tool_choice).toBe('auto');
    expect(engine.requests[0]).toMatchObject({
      tools: [
        { name: 'weather', description: 'Tells.', parameters, strict: true },
        { name: 'clock', strict: false },
      ],
      toolChoice: 'auto',
      parallelToolCalls: false,
    });
    await responses.create({ ...asked, tool_choice: { type: 'function', name: 'clock' } });
    expect(engine.requests[1]).toMatchObject({ toolChoice: { name: 'clock' }, parallelToolCalls: true });
    const allowed = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'clock' }] };
    await responses.create({ ...asked, tool_choice: allowed as never });
    expect(engine.requests[2]).toMatchObject({
      toolChoice: { mode: 'required', names: ['clock'] },
      tools: [{ name: 'weather' }, { name: 'clock' }],
    });
  });

  test('are called, beside text and each other, and answered by the next request', async () => {
    const steps = ['Let me see.', ...call(0, 'weather', '{"city":', '"Rome"}'), ...call(1, 'clock', '{}')];
    const { responses, messages } = connect({ each: [steps] });
    const stream = responses.stream({ model: MODEL, input: 'hi', tools: [weather, clock] });
    const types: string[] = [];
    let text = '';
    stream.on('event', ({ type }) => types.push(type));
    stream.on('response.function_call_arguments.delta', ({ delta, output_index }) => {
      if (output_index === 1) text += delta;
    });
    const made = await stream.finalResponse();
    expect(text).toBe('{"city":"Rome"}');
    expect(made.status).toBe('completed');
    expect(made.output).toMatchObject([
      { type: 'message', status: 'completed', content: [{ text: 'Let me see.' }] },
      { type: 'function_call', name: 'weather', arguments: '{"city":"Rome"}', status: 'completed' },
      { type: 'function_call', name: 'clock', arguments: '{}' },
    ]);
    expect(types.slice(2)).toEqual([
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);

    const calls = made.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
    expect(new Set(calls.flatMap(({ id, call_id }) => [id, call_id])).size).toBe(4);
    await responses.create({
      model: MODEL,
      previous_response_id: made.id,
      tools: [weather, clock],
      input: calls.map(({ call_id, name }) => ({
        type: 'function_call_output',
        call_id,
        output: `of ${name}`,
      })),
    });
    expect(messages().slice(1)).toEqual([
      {
        role: 'assistant',
        content: 'Let me see.',
        toolCalls: calls.map(({ call_id: id, name, arguments: text }) => ({ id, name, arguments: text })),
      },
      { role: 'tool', content: 'of weather' },
      { role: 'tool', content: 'of clock' },
    ]);
  });

  test('a call alone is no message, and one that is cut is incomplete', async () => {
    const { responses } = connect({ steps: call(0, 'clock', '{'), reason: 'length' });
    const made = await responses.create({ model: MODEL, input: 'hi', tools: [clock] });
    expect(made.status).toBe('incomplete');
    expect(made.output).toMatchObject([{ type: 'function_call', arguments: '{', status: 'incomplete' }]);
  });

  test.each<[object, string]>([
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function', name: 'a b' }] }, 'tools[0].name'],
    [{ tools: [clock, clock] }, 'tools[1].name'],
    [{ tools: [{ ...clock, parameters: { type: 'array' } }] }, 'tools[0].parameters.type'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tools: [clock], tool_choice: { type: 'function', name: 'x' } }, 'tool_choice.name'],
    [{ tools: [clock], tool_choice: { type: 'mcp' } }, 'tool_choice.type'],
    [
      {
        tools: [clock],
        tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'x' }] },
      },
      'tool_choice.tools[0].name',
    ],
  ])('%j are refused, and the field is named', async (fields, param) => {
    const { error } = await (await connect().send(fields)).json();
    expect(error.param).toBe(param);
  });
});

describe('a response that is kept', () => {
  test('can be had again, with what it was asked, and deleted', async () => {
    const { responses } = connect();
    const made = await responses.create({
      model: MODEL,
      input: ['one', 'two', 'three'].map((content) => ({ role: 'user' as const, content })),
    });
    expect(await responses.retrieve(made.id)).toEqual(made);

    const texts = async (query: object) => {
      const list: string[] = [];
      for await (const item of responses.inputItems.list(made.id, query)) {
        const [part] = (item as { content: { text: string }[] }).content;
        list.push(part!.text);
      }
      return list;
    };
    expect(await texts({})).toEqual(['three', 'two', 'one']);
    expect(await texts({ order: 'asc', limit: 1 })).toEqual(['one', 'two', 'three']);
    const { data } = await responses.inputItems.list(made.id, { order: 'asc' });
    expect(await texts({ order: 'asc', after: (data[1] as { id: string }).id })).toEqual(['three']);

    await responses.delete(made.id);
    for (const gone of [
      responses.retrieve(made.id),
      responses.delete(made.id),
      responses.inputItems.list(made.id),
    ])
      await expect(gone).rejects.toThrow(NotFoundError);
  });

  test('is continued by the next, all the way back, without its instructions', async () => {
    const { responses, messages } = connect();
    const first = await responses.create({ model: MODEL, input: 'a', instructions: 'be brief' });
    const second = await responses.create({ model: MODEL, input: 'b', previous_response_id: first.id });
    const third = await responses.create({
      model: MODEL,
      input: 'c',
      previous_response_id: second.id,
      instructions: 'be long',
      store: false,
    });
    expect(messages().map(({ role, content }) => [role, content])).toEqual([
      ['system', 'be long'],
      ['user', 'a'],
      ['assistant', 'Hello world'],
      ['user', 'b'],
      ['assistant', 'Hello world'],
      ['user', 'c'],
    ]);
    expect(third.previous_response_id).toBe(second.id);

    await responses.delete(first.id);
    await expect(
      responses.create({ model: MODEL, input: 'd', previous_response_id: second.id }),
    ).rejects.toMatchObject({ status: 404, param: 'previous_response_id', code: 'not_found' });
  });

  test('answers a call that an earlier one made', async () => {
    const { responses, messages } = connect();
    const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' } as const;
    const first = await responses.create({ model: MODEL, input: [{ role: 'user', content: 'a' }, call] });
    const output = { type: 'function_call_output', call_id: 'c', output: '1' } as const;
    await responses.create({ model: MODEL, input: [output], previous_response_id: first.id });
    expect(messages().at(-1)).toEqual({ role: 'tool', content: '1' });
    await expect(responses.create({ model: MODEL, input: [output] })).rejects.toMatchObject({
      status: 400,
      param: 'input',
    });
  });

  test('is gone after 30 days', async () => {
    const { responses, clock } = connect();
    const { id } = await responses.create({ model: MODEL, input: 'hi' });
    clock.ms += 30 * DAY_MS - 1;
    await responses.retrieve(id);
    clock.ms += 1;
    await expect(responses.retrieve(id)).rejects.toThrow(NotFoundError);
  });

  test('is none with store false, whole or streamed', async () => {
    const { responses, kept } = connect();
    const { id } = await responses.create({ model: MODEL, input: 'hi', store: false });
    await expect(responses.retrieve(id)).rejects.toThrow(NotFoundError);
    await responses.stream({ model: MODEL, input: 'hi', store: false }).finalResponse();
    expect(await kept()).toBe(0);
  });

  test('is not streamed again, and that is said', async () => {
    const { responses } = connect();
    const { id } = await responses.create({ model: MODEL, input: 'hi' });
    expect((await responses.retrieve(id, { stream: false })).id).toBe(id);
    for (const [query, param] of [
      [{ stream: true }, 'stream'],
      [{ starting_after: 3 }, 'starting_after'],
    ] as const)
      await expect(responses.retrieve(id, query)).rejects.toMatchObject({ status: 400, param });
  });

  test('cannot be cancelled: it was not made in the background', async () => {
    const { responses } = connect();
    const { id } = await responses.create({ model: MODEL, input: 'hi' });
    await expect(responses.cancel(id)).rejects.toMatchObject({ status: 400, param: 'id' });
    await expect(responses.cancel('nothing')).rejects.toThrow(NotFoundError);
  });

  test('is refused when there is no room, before anyone is told it is complete', async () => {
    const { send } = connect({}, { storageBytes: 1000 });
    const whole = await send({});
    expect([whole.status, (await whole.json()).error.code]).toEqual([507, 'storage_full']);
    const text = await (await send({ stream: true })).text();
    expect(text).toContain('event: response.failed');
    expect(text).not.toContain('response.completed');
    expect((await send({ store: false })).status).toBe(200);
  });
});

describe('a stream of a response', () => {
  const read = async (reply: Response) =>
    (await reply.text())
      .split('\n\n')
      .filter((block) => block !== '')
      .map((block) => {
        const [, name, data] = /^event: (\S+)\ndata: (.+)$/.exec(block)!;
        return { ...JSON.parse(data!), name };
      });

  test('has the events of the documented sequence, numbered', async () => {
    const { send, responses } = connect();
    const events = await read(await send({ stream: true }));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number: n }) => n)).toEqual(events.map((_, i) => i));
    expect(events.every(({ name, type }) => name === type)).toBe(true);

    const [created, , added, , delta, , done, , , completed] = events;
    expect(created.response).toMatchObject({ status: 'in_progress', output: [] });
    expect(added.item).toMatchObject({ status: 'in_progress', content: [] });
    expect(delta).toMatchObject({
      item_id: added.item.id,
      output_index: 0,
      content_index: 0,
      delta: 'Hello',
    });
    expect(done.text).toBe('Hello world');
    expect(completed.response).toMatchObject({ id: created.response.id, status: 'completed' });
    expect(await responses.retrieve(created.response.id)).toMatchObject(completed.response);
  });

  test('ends as incomplete at its limit', async () => {
    const events = await read(await connect({ reason: 'length' }).send({ stream: true }));
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
  });

  test('that breaks ends as failed, tells nothing secret, and is not kept', async () => {
    const { send, logs, kept } = connect({ steps: ['Hel', new Error('a secret')] });
    const events = await read(await send({ stream: true }));
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_error', message: 'internal error in request id-1' },
      },
    });
    expect(JSON.stringify(events)).not.toContain('secret');
    expect(logs).toContainEqual(expect.objectContaining({ event: 'error', message: 'a secret' }));
    expect(await kept()).toBe(0);
  });

  test('is assembled by the client', async () => {
    const { responses } = connect({ steps: ['Hel', 'lo 🦙'] });
    const stream = responses.stream({ model: MODEL, input: 'hi' });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta;
    });
    expect((await stream.finalResponse()).output_text).toBe('Hello 🦙');
    expect(text).toBe('Hello 🦙');
  });

  test('stops the model when it is left, and is not kept', async () => {
    const { responses, engine, kept } = connect({ steps: Array<string>(1000).fill('x') });
    const stream = await responses.create({ model: MODEL, input: 'hi', stream: true });
    for await (const { type } of stream) if (type === 'response.output_text.delta') break;
    expect(engine.signals[0]!.aborted).toBe(true);
    expect(engine.stepsReached).toBeLessThan(1000);
    expect(await kept()).toBe(0);
  });
});

describe('truncation', () => {
  const long = Array.from({ length: 9 }, (_, i) => ({ role: 'user' as const, content: `${i}` }));
  /** Room for so many turns, the instructions among them. */
  const room = (turns: number): Partial<Script> => ({
    refusal: ({ prompt }) =>
      prompt.type === 'chat' && prompt.messages.length > turns
        ? new ContextLengthError(200, undefined, 100)
        : undefined,
  });

  test('disabled refuses what is too long, and names the input', async () => {
    const { responses } = connect(room(4));
    await expect(responses.create({ model: MODEL, input: long })).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
      param: 'input',
    });
  });

  test('auto leaves out the oldest, and keeps the instructions', async () => {
    const { responses, messages } = connect(room(4));
    await responses.create({ model: MODEL, input: long, instructions: 'rules', truncation: 'auto' });
    expect(messages().map(({ content }) => content)).toEqual(['rules', '7', '8']);
  });

  test('auto leaves out results whose calls it left out', async () => {
    const call = (i: number) =>
      ({ type: 'function_call', call_id: `c${i}`, name: 'f', arguments: '{}' }) as const;
    const output = (i: number) =>
      ({ type: 'function_call_output', call_id: `c${i}`, output: `${i}` }) as const;
    const input = [
      ...long.slice(0, 6),
      call(1),
      call(2),
      output(1),
      output(2),
      { role: 'user' as const, content: 'and?' },
    ];
    const { responses, messages } = connect(room(4));
    await responses.create({ model: MODEL, input, truncation: 'auto' });
    expect(messages().map(({ role }) => role)).toEqual(['user']);
    await responses.create({ model: MODEL, input: input.slice(0, -1), truncation: 'auto' });
    expect(messages().at(-1)).toEqual({ role: 'tool', content: '2' });
  });

  test('auto keeps the last, and is refused when even that is too long', async () => {
    const { responses, messages } = connect(room(1));
    await responses.create({ model: MODEL, input: long, truncation: 'auto' });
    expect(messages().map(({ content }) => content)).toEqual(['8']);
    await expect(
      connect(room(0)).responses.create({ model: MODEL, input: long, truncation: 'auto' }),
    ).rejects.toMatchObject({ code: 'context_length_exceeded' });
  });
});

describe('a request that is wrong is refused, and the field is named', () => {
  const user = { role: 'user', content: 'a' };
  test.each<[object, string, number?]>([
    [{ model: undefined }, 'model'],
    [{ input: undefined }, 'input'],
    [{ input: [] }, 'input'],
    [{ input: [5] }, 'input[0]'],
    [{ input: [{ role: 'robot', content: 'a' }] }, 'input[0].role'],
    [{ input: [{ role: 'user' }] }, 'input[0].content'],
    [{ input: [{ ...user, colour: 1 }] }, 'input[0].colour'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] },
      'input[0].content[0].type',
    ],
    [{ input: [{ type: 'item_reference', id: 'x' }] }, 'input[0].type'],
    [{ input: [{ type: 'reasoning', id: 'x', summary: [] }] }, 'input[0].type'],
    [{ input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }, 'input[0].call_id'],
    [{ temperature: 3 }, 'temperature'],
    [{ top_p: 2 }, 'top_p'],
    [{ max_output_tokens: 0 }, 'max_output_tokens'],
    [{ truncation: 'some' }, 'truncation'],
    [{ metadata: { a: 1 } }, 'metadata.a'],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ''])) }, 'metadata'],
    [{ text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ text: { format: { type: 'json_schema', name: 'x' } } }, 'text.format.schema'],
    [{ text: { verbosity: 'high' } }, 'text.verbosity'],
    [{ include: ['reasoning.encrypted_content'] }, 'include[0]'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ background: true }, 'background'],
    [{ reasoning: { effort: 'high' } }, 'reasoning'],
    [{ prompt: { id: 'x' } }, 'prompt'],
    [{ stream_options: {} }, 'stream_options'],
    [{ service_tier: 'priority' }, 'service_tier'],
    [{ nonsense: 1 }, 'nonsense'],
    [{ conversation: 'c', previous_response_id: 'r' }, 'previous_response_id'],
    [{ previous_response_id: 'nothing' }, 'previous_response_id', 404],
    [{ conversation: 'nothing' }, 'conversation', 404],
    [{ model: 'gpt-9' }, 'model', 404],
  ])('%j', async (fields, param, status = 400) => {
    const { send, engine } = connect();
    const reply = await send(fields);
    const { error } = await reply.json();
    expect([reply.status, error.param]).toEqual([status, param]);
    expect(engine.requests).toEqual([]);
  });
});
