import { describe, expect, test } from 'vitest';
import { SchemaError } from '../../engine/errors.ts';
import { connectResponses as connect } from '../support/responses-client.ts';
import { MODEL, START_MS } from '../support/test-app.ts';

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
