// OpenAI's own client, as published, against the app.
import OpenAI, { BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai';
import { describe, expect, test } from 'vitest';
import type { Part } from '../../engine/engine.ts';
import { BusyError } from '../../engine/errors.ts';
import { type Script, VECTOR } from '../support/scripted-engine.ts';
import { MODEL, testApp } from '../support/test-app.ts';

const messages = [{ role: 'user', content: 'hi' }] as const;

function connect(script: Partial<Script> = {}) {
  const { app, engine } = testApp(script);
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://localhost/v1',
    maxRetries: 0,
    fetch: async (url, init) => app.request(url as string, init),
  });
  return { client, engine, chat: client.chat.completions };
}

async function all<T>(items: AsyncIterable<T> | PromiseLike<AsyncIterable<T>>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of await items) list.push(item);
  return list;
}

describe('the openai client', () => {
  test('gets a chat completion, and the id of its request', async () => {
    const { chat, engine } = connect({ steps: ['Hel', 'lo 🦙'] });
    const reply = await chat.create({ model: MODEL, messages: [...messages], max_tokens: 3, stop: 'X' });

    expect(reply.choices[0]!.message.content).toBe('Hello 🦙');
    expect(reply.usage!.total_tokens).toBe(7);
    expect(reply._request_id).toBe('id-1');
    expect(engine.requests[0]).toMatchObject({ maxTokens: 3, stop: ['X'] });
  });

  test('sends a reply back as it got it', async () => {
    const { chat, engine } = connect();
    const first = await chat.create({ model: MODEL, messages: [...messages] });
    const turns = [...messages, first.choices[0]!.message, ...messages];
    await chat.create({ model: MODEL, messages: turns });
    expect(engine.requests[1]!.prompt).toMatchObject({
      messages: [{ role: 'user' }, { role: 'assistant', content: 'Hello world' }, { role: 'user' }],
    });
  });

  test('reads a stream, with usage', async () => {
    const { chat } = connect({ steps: ['Hel', 'lo 🦙'], reason: 'length' });
    const stream = await chat.create({
      model: MODEL,
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await all(stream);

    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hello 🦙');
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('length');
    expect(chunks.at(-1)!.usage!.completion_tokens).toBe(2);
  });

  test('assembles a stream into a completion', async () => {
    const { chat } = connect({ steps: ['Hel', 'lo'] });
    const stream = chat.stream({ model: MODEL, messages: [...messages] });
    expect(await stream.finalContent()).toBe('Hello');
    expect((await stream.finalChatCompletion()).choices[0]!.finish_reason).toBe('stop');
  });

  test('breaks off a stream, and the engine stops', async () => {
    const { chat, engine } = connect({ steps: Array<string>(1000).fill('x') });
    const stream = await chat.create({ model: MODEL, messages: [...messages], stream: true });
    for await (const { choices } of stream) if (choices[0]!.delta.content === 'x') break;

    expect(engine.signals[0]!.aborted).toBe(true);
    expect(engine.stepsReached).toBeLessThan(1000);
  });

  test('throws at an error inside a stream', async () => {
    const { chat } = connect({ steps: ['x', new Error('broken')] });
    const stream = await chat.create({ model: MODEL, messages: [...messages], stream: true });
    await expect(all(stream)).rejects.toThrow('internal error in request id-1');
  });

  test('lists models, and finds one whose id has a slash', async () => {
    const { client } = connect();
    expect((await all(client.models.list())).map(({ id }) => id)).toEqual([MODEL]);
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, owned_by: 'meta-llama' });
    await expect(client.models.retrieve('a/b')).rejects.toThrow(NotFoundError);
  });

  test('gets text completions, whole and streamed', async () => {
    const { client } = connect({ steps: [' upon', ' a'] });
    const whole = await client.completions.create({ model: MODEL, prompt: 'Once' });
    expect(whole.choices[0]!.text).toBe(' upon a');

    const stream = await client.completions.create({ model: MODEL, prompt: [1, 2], stream: true });
    const chunks = await all(stream);
    expect(chunks.map(({ choices }) => choices[0]!.text).join('')).toBe(' upon a');
  });

  test('gets choices, and assembles a stream of them', async () => {
    const each = [['a', 'b'], ['c']];
    const { chat } = connect({ each });
    const reply = await chat.create({ model: MODEL, messages: [...messages], n: 2 });
    expect(reply.choices.map(({ message }) => message.content)).toEqual(['ab', 'c']);

    const stream = connect({ each }).chat.stream({ model: MODEL, messages: [...messages], n: 2 });
    const { choices } = await stream.finalChatCompletion();
    expect(choices.map(({ message }) => message.content)).toEqual(['ab', 'c']);
  });

  test('gets logprobs, and assembles those of a stream', async () => {
    const token = (text: string, logprob: number) => {
      const spelt = { id: 1, bytes: new TextEncoder().encode(text), logprob };
      return { ...spelt, top: [spelt], start: 0 };
    };
    const steps = ['a', 'b'].map((text, i): Part => ({ type: 'text', text, tokens: [token(text, -i)] }));
    const asked = { model: MODEL, messages: [...messages], logprobs: true, top_logprobs: 1 };
    const reply = await connect({ steps }).chat.create(asked);
    const { content } = reply.choices[0]!.logprobs!;
    expect(content!.map(({ token, logprob, bytes }) => [token, logprob, bytes])).toEqual([
      ['a', 0, [97]],
      ['b', -1, [98]],
    ]);
    const stream = connect({ steps }).chat.stream(asked);
    expect((await stream.finalChatCompletion()).choices[0]!.logprobs!.content).toEqual(content);

    const { client } = connect({ steps });
    const { choices } = await client.completions.create({ model: MODEL, prompt: 'x', logprobs: 1 });
    expect(choices[0]!.logprobs).toMatchObject({ tokens: ['a', 'b'], token_logprobs: [0, -1] });
  });

  test.each(['float', 'base64', undefined] as const)(
    'gets embeddings, written as %s',
    async (encoding_format) => {
      const { client } = connect();
      const { data, usage } = await client.embeddings.create({
        model: MODEL,
        input: ['a', 'b'],
        ...(encoding_format && { encoding_format }),
      });
      if (encoding_format === 'base64') expect(data[0]!.embedding).toBeTypeOf('string');
      else expect(data[0]!.embedding).toEqual([...VECTOR]); // by default the client asks for base64 and reads it
      expect(data.map(({ index }) => index)).toEqual([0, 1]);
      expect(usage).toEqual({ prompt_tokens: 6, total_tokens: 6 });
    },
  );

  test('has an error class for each refusal, with its code and param', async () => {
    const refused = (script: Partial<Script>, fields: object = {}) =>
      connect(script).chat.create({ model: MODEL, messages: [...messages], ...fields });

    await expect(refused({}, { n: 0 })).rejects.toThrow(BadRequestError);
    await expect(refused({}, { n: 0 })).rejects.toMatchObject({
      status: 400,
      param: 'n',
      code: 'invalid_value',
      type: 'invalid_request_error',
      requestID: 'id-1',
    });
    await expect(refused({}, { model: 'gpt-4' })).rejects.toThrow(NotFoundError);
    await expect(refused({ refusal: new BusyError(4, 1) })).rejects.toThrow(RateLimitError);
    await expect(refused({ refusal: new Error('x') })).rejects.toThrow(InternalServerError);
  });
});
