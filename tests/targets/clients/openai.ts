import OpenAI, { BadRequestError, NotFoundError, toFile } from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Door } from '../contract.ts';
import {
  asksForWeather,
  CITY,
  clientOptions,
  HEARD,
  JANE,
  LLAMA,
  MODEL,
  says,
  saysJane,
  weather,
} from './scenes.ts';

export function openAiClient(door: () => Door): void {
  describe('openai', () => {
    const openai = () => new OpenAI({ ...clientOptions(door()), maxRetries: 0 });

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

    test('runTools calls, and hands the result back', async () => {
      const calls: string[] = [];
      const runner = openai().chat.completions.runTools({
        model: MODEL,
        messages: asksForWeather,
        tools: [
          {
            type: 'function',
            function: {
              name: 'get_weather',
              description: 'The weather of a city.',
              parameters: z.toJSONSchema(CITY) as Record<string, unknown>,
              parse: JSON.parse,
              function: (asked: { city: string }) => {
                calls.push(asked.city);
                return weather(asked);
              },
            },
          },
        ],
      });
      expect(await runner.finalContent()).toBe(HEARD);
      expect(calls).toEqual(['Paris']);
    });

    test('streams a call while its arguments are written', async () => {
      const stream = openai().chat.completions.stream({
        model: MODEL,
        messages: asksForWeather,
        tools: [{ type: 'function', function: { name: 'get_weather', parameters: z.toJSONSchema(CITY) } }],
      });
      const pieces: string[] = [];
      stream.on('tool_calls.function.arguments.delta', ({ arguments_delta }) => pieces.push(arguments_delta));
      const { finish_reason, message } = (await stream.finalChatCompletion()).choices[0]!;
      expect(finish_reason).toBe('tool_calls');
      expect(message.content ?? '').toBe('');
      expect(message.tool_calls).toMatchObject([{ function: { name: 'get_weather' } }]);
      expect(JSON.parse(pieces.join(''))).toEqual({ city: 'Paris' });
      expect(pieces.length).toBeGreaterThan(1);
    });

    test('.parse() gets an object of a zod schema', async () => {
      const { choices } = await openai().chat.completions.parse({
        model: MODEL,
        messages: saysJane,
        response_format: zodResponseFormat(LLAMA, 'llama'),
      });
      expect(choices[0]!.message.parsed).toEqual(JANE);
    });

    test('makes vectors of texts', async () => {
      const { data, usage } = await openai().embeddings.create({ model: MODEL, input: ['ab', 'abc', 'ab'] });
      expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(data[0]!.embedding).toEqual(data[2]!.embedding);
      expect(data[0]!.embedding).not.toEqual(data[1]!.embedding);
      expect(Math.hypot(...data[0]!.embedding)).toBeCloseTo(1, 5);
      expect(usage.total_tokens).toBe(10); // bytes, and where each text begins
    });

    test('responses go on from one another', async () => {
      const { responses } = openai();
      const first = await responses.create({ model: MODEL, input: 'one\n{last}: two' });
      expect(first).toMatchObject({ status: 'completed', output_text: 'one' });
      const next = await responses.create({
        model: MODEL,
        input: 'And then?',
        previous_response_id: first.id,
      });
      expect(next.output_text).toBe('And then?: two');
      expect((await responses.retrieve(next.id)).output_text).toBe('And then?: two');
      const items = await responses.inputItems.list(next.id);
      expect(items.data).toMatchObject([{ type: 'message', role: 'user' }]);
      await responses.delete(first.id);
      await expect(responses.retrieve(first.id)).rejects.toThrow(NotFoundError);
    });

    test('responses are streamed', async () => {
      const stream = openai().responses.stream({ model: MODEL, input: 'a b c' });
      const types: string[] = [];
      let text = '';
      for await (const event of stream) {
        types.push(event.type);
        if (event.type === 'response.output_text.delta') text += event.delta;
      }
      expect(text).toBe('a b c');
      expect(types[0]).toBe('response.created');
      expect(types.at(-1)).toBe('response.completed');
      expect((await stream.finalResponse()).output_text).toBe('a b c');
    });

    test('responses call functions, and are told what came of it', async () => {
      const { responses } = openai();
      const parameters = z.toJSONSchema(CITY) as Record<string, unknown>;
      const tools = [{ type: 'function' as const, name: 'get_weather', parameters, strict: true }];
      const input = asksForWeather[0]!.content;
      const first = await responses.create({ model: MODEL, input, tools });
      const [call] = first.output;
      expect(call).toMatchObject({ type: 'function_call', name: 'get_weather' });
      const { call_id, arguments: text } = call as { call_id: string; arguments: string };
      const next = await responses.create({
        model: MODEL,
        tools,
        previous_response_id: first.id,
        input: [{ type: 'function_call_output', call_id, output: weather(JSON.parse(text)) }],
      });
      expect(next.output_text).toBe(HEARD);
    });

    test('responses.parse() gets an object of a zod schema', async () => {
      const { output_parsed } = await openai().responses.parse({
        model: MODEL,
        input: saysJane[0]!.content,
        text: { format: zodTextFormat(LLAMA, 'llama') },
      });
      expect(output_parsed).toEqual(JANE);
    });

    test('responses are kept in a conversation', async () => {
      const { conversations, responses } = openai();
      const { id } = await conversations.create({ metadata: { of: 'llamas' } });
      await responses.create({ model: MODEL, input: 'one\ntwo', conversation: id });
      const next = await responses.create({ model: MODEL, input: 'Go on.', conversation: id });
      expect(next.output_text).toBe('two');
      const { data } = await conversations.items.list(id, { order: 'asc' });
      expect(data.map((item) => item.type === 'message' && item.role)).toEqual([
        'user',
        'assistant',
        'user',
        'assistant',
      ]);
    });

    test('files come back as they went', async () => {
      const { files } = openai();
      const file = await files.create({
        file: await toFile(Buffer.from('{"a":"🦙"}\n'), 'a.jsonl'),
        purpose: 'batch',
      });
      expect(file).toMatchObject({ object: 'file', filename: 'a.jsonl', bytes: 13 });
      expect(await (await files.content(file.id)).text()).toBe('{"a":"🦙"}\n');
      expect((await files.list()).data.map(({ id }) => id)).toContain(file.id);
      expect(await files.delete(file.id)).toMatchObject({ id: file.id, deleted: true });
      await expect(files.retrieve(file.id)).rejects.toThrow(NotFoundError);
    });

    test('batches run, and their results are in a file', async () => {
      const { batches, files } = openai();
      const line = (custom_id: string, body: object) =>
        JSON.stringify({ custom_id, method: 'POST', url: '/v1/chat/completions', body });
      const lines = [
        line('one', { model: MODEL, messages: says('x') }),
        line('two', { model: MODEL, messages: says('y') }),
        line('wrong', { model: MODEL, messages: [] }),
      ];
      const file = await files.create({
        file: await toFile(Buffer.from(lines.join('\n')), 'lines.jsonl'),
        purpose: 'batch',
      });
      const { id } = await batches.create({
        input_file_id: file.id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      });
      await expect
        .poll(async () => (await batches.retrieve(id)).status, { timeout: 30_000 })
        .toBe('completed');

      const { request_counts, output_file_id, error_file_id } = await batches.retrieve(id);
      expect(request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
      const results = async (of: string) =>
        (await (await files.content(of)).text())
          .trim()
          .split('\n')
          .map((text) => JSON.parse(text));
      const said = (await results(output_file_id!)).map(({ custom_id, response }) => [
        custom_id,
        response.body.choices[0].message.content,
      ]);
      expect(Object.fromEntries(said)).toEqual({ one: 'x', two: 'y' });
      expect(await results(error_file_id!)).toMatchObject([
        { custom_id: 'wrong', response: { status_code: 400 } },
      ]);
      expect((await batches.list()).data.map((batch) => batch.id)).toContain(id);
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
}
