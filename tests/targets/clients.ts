/**
 * The clients that people point at an OpenAI or Llama Stack server, as published, against each door over real HTTP. A
 * recital says what the test has written; where the words do not matter, the default model speaks.
 */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { APICallError, generateText, streamText } from 'ai';
import LlamaStackClient, { BadRequestError as LlamaStackBadRequest } from 'llama-stack-client';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import type { DoorOptions } from '../support/door-options.ts';
import type { Door } from './contract.ts';

const MODEL = CATALOGUE[0]!.id;

/** A conversation in which the model says these, turn by turn. */
const says = (...turns: string[]) => [{ role: 'user' as const, content: turns.join('\n') }];

export function clients(open: (options: DoorOptions) => Promise<Door>): void {
  let door: Door;
  beforeAll(async () => {
    door = await open({ recital: true });
  });
  afterAll(() => door[Symbol.asyncDispose]());

  const options = () => ({ apiKey: 'none', baseURL: new URL('/v1', door.url).href, fetch: checkedFetch });

  describe('openai', () => {
    const openai = () => new OpenAI({ ...options(), maxRetries: 0 });

    test('chats, with usage', async () => {
      const { choices, usage } = await openai().chat.completions.create({
        model: MODEL,
        messages: says('Hello, llama 🦙'),
      });
      expect(choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { role: 'assistant', content: 'Hello, llama 🦙' },
      });
      expect(usage!.completion_tokens).toBe(17); // bytes
    });

    test('.stream() assembles what comes, event by event', async () => {
      const stream = openai().chat.completions.stream({ model: MODEL, messages: says('a b c') });
      const deltas: string[] = [];
      stream.on('content', (delta) => deltas.push(delta));
      expect((await stream.finalChatCompletion()).choices[0]!.message.content).toBe('a b c');
      expect(deltas.length).toBeGreaterThan(1);
      expect(deltas.join('')).toBe('a b c');
    });

    test('carries a conversation on', async () => {
      const { chat } = openai();
      const first = await chat.completions.create({ model: MODEL, messages: says('one', '{last}: two') });
      const next = await chat.completions.create({
        model: MODEL,
        messages: [
          ...says('one', '{last}: two'),
          first.choices[0]!.message,
          { role: 'user', content: 'And then?' },
        ],
      });
      expect(next.choices[0]!.message.content).toBe('And then?: two');
    });

    test('gets several choices', async () => {
      const { choices } = await openai().chat.completions.create({ model: MODEL, messages: says('x'), n: 3 });
      expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
        [0, 'x'],
        [1, 'x'],
        [2, 'x'],
      ]);
    });

    test('continues texts', async () => {
      const { choices } = await openai().completions.create({
        model: MODEL,
        prompt: ['Once>', 'Twice>'],
        max_tokens: 50,
      });
      expect(choices.map(({ text }) => text)).toEqual([' and that is all.', ' and that is all.']);
    });

    test('lists models, and finds one by an id with a slash', async () => {
      expect((await openai().models.list()).data.map(({ id }) => id)).toEqual([MODEL]);
      expect(await openai().models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' });
      await expect(openai().models.retrieve('a/b')).rejects.toThrow(NotFoundError);
    });

    test('hears which parameter is refused', async () => {
      const refused = openai().chat.completions.create({
        model: MODEL,
        messages: says('x'),
        modalities: ['audio'],
      });
      await expect(refused).rejects.toThrow(BadRequestError);
      await expect(refused).rejects.toMatchObject({ status: 400, param: 'modalities[0]' });
    });
  });

  describe('@ai-sdk/openai-compatible', () => {
    const model = () => createOpenAICompatible({ name: 'cria', ...options(), includeUsage: true })(MODEL);

    test('generateText', async () => {
      const { text, finishReason, usage } = await generateText({ model: model(), prompt: 'It is 7.' });
      expect([text, finishReason]).toEqual(['It is 7.', 'stop']);
      expect(usage.outputTokens).toBe(8);
    });

    test('streamText', async () => {
      const { textStream, finishReason, usage } = streamText({ model: model(), prompt: 'a b c' });
      let text = '';
      for await (const piece of textStream) text += piece;
      expect(text).toBe('a b c');
      expect(await finishReason).toBe('stop');
      expect((await usage).outputTokens).toBe(5);
    });

    test('an error has the message that says why', async () => {
      const refused = generateText({ model: model(), prompt: 'x', temperature: 9, maxRetries: 0 });
      await expect(refused).rejects.toThrow(APICallError);
      await expect(refused).rejects.toThrow(/temperature.*<=2/);
    });
  });

  describe('@langchain/openai', () => {
    const model = (fields: object = {}) =>
      new ChatOpenAI({
        model: MODEL,
        apiKey: 'none',
        maxRetries: 0,
        configuration: options(),
        ...fields,
      });

    test('invoke', async () => {
      const reply = await model().invoke([new SystemMessage('Be brief.'), new HumanMessage('Yes.')]);
      expect(reply.content).toBe('Yes.');
      expect(reply.usage_metadata).toMatchObject({ output_tokens: 4 });
      expect(reply.response_metadata.finish_reason).toBe('stop');
    });

    test('stream', async () => {
      let text = '';
      for await (const { content } of await model().stream('a b c')) text += content;
      expect(text).toBe('a b c');
    });
  });

  describe('llama-stack-client', () => {
    const stack = () =>
      new LlamaStackClient({ baseURL: door.url.href, maxRetries: 0, fetch: checkedFetch as never });

    test('health, version, routes and providers', async () => {
      expect(await stack().inspect.health()).toMatchObject({ status: 'OK', state: 'ready' });
      expect((await stack().inspect.version()).version).toMatch(/^\d+\.\d+\.\d+$/);
      const routes = (await stack().routes.list()).map(({ method, route }) => `${method} ${route}`);
      expect(routes).toContain('POST /v1/chat/completions');
      expect(await stack().providers.list()).toMatchObject([{ api: 'inference', health: { status: 'OK' } }]);
    });

    test('models, their ids unescaped', async () => {
      expect((await stack().models.list()).map(({ id }) => id)).toEqual([MODEL]);
      expect(await stack().models.retrieve(MODEL)).toMatchObject({ identifier: MODEL, model_type: 'llm' });
    });

    test('chats, whole and streamed', async () => {
      const { completions } = stack().chat;
      const whole = await completions.create({ model: MODEL, messages: says('Yes.') });
      expect(whole).toMatchObject({ choices: [{ message: { content: 'Yes.' } }] });
      let text = '';
      for await (const { choices } of await completions.create({
        model: MODEL,
        messages: says('a b c'),
        stream: true,
      }))
        text += choices[0]!.delta.content ?? '';
      expect(text).toBe('a b c');
    });

    test('hears which parameter is refused', async () => {
      const refused = stack().chat.completions.create({
        model: MODEL,
        messages: says('x'),
        temperature: 9,
      });
      await expect(refused).rejects.toThrow(LlamaStackBadRequest);
      await expect(refused).rejects.toMatchObject({
        error: { title: 'Bad Request', error: { param: 'temperature' } },
      });
    });
  });
}
