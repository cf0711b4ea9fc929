import { describe, expect, test } from 'vitest';
import { DEFAULT_SAMPLING } from '../../app/schemas/sampling.ts';
import { events, MODEL, START_MS, testApp } from '../support/test-app.ts';

const CREATED = Math.floor(START_MS / 1000);

describe('POST /v1/chat/completions', () => {
  test('answers with the whole reply', async () => {
    const { chat } = testApp({
      steps: ['Hel', 'lo'],
      usage: { promptTokens: 11, cachedTokens: 8, completionTokens: 3 },
    });
    const reply = await chat();

    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({
      id: 'chatcmpl-id-2',
      object: 'chat.completion',
      created: CREATED,
      model: MODEL,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 11,
        completion_tokens: 3,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 8 },
      },
    });
  });

  test('says length when the budget ended it, and an empty reply is an empty string', async () => {
    const { chat } = testApp({ steps: [], reason: 'length' });
    const { choices } = await (await chat()).json();
    expect(choices[0]).toMatchObject({ message: { content: '' }, finish_reason: 'length' });
  });

  test('streams the role, the text, the reason, then [DONE]', async () => {
    const { chat } = testApp({ steps: ['Hel', 'lo'], reason: 'length' });
    const reply = await chat({ stream: true });
    expect(reply.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(reply.headers.get('cache-control')).toBe('no-cache');

    const all = await events(reply);
    expect(all.pop()).toBe('[DONE]');
    const head = { id: 'chatcmpl-id-2', object: 'chat.completion.chunk', created: CREATED, model: MODEL };
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    });
    expect(all.map((data) => JSON.parse(data))).toEqual([
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, 'length'),
    ]);
  });

  test('include_usage adds a last chunk without choices, and a null on every other', async () => {
    const { chat } = testApp({ usage: { promptTokens: 7, cachedTokens: 0, completionTokens: 2 } });
    const all = await events(await chat({ stream: true, stream_options: { include_usage: true } }));
    const chunks = all.slice(0, -1).map((data) => JSON.parse(data));

    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 2,
        total_tokens: 9,
        prompt_tokens_details: { cached_tokens: 0 },
      },
    });
    expect(chunks.slice(0, -1).map(({ usage }) => usage)).toEqual([null, null, null, null]);
  });

  test('carries any text unharmed, in and out', async () => {
    const odd = 'é 日本 👩‍👩‍👧 \u0000 \u2028 data: x\n\ndata: [DONE]\r\n "\\"';
    const { chat, engine } = testApp({ steps: [odd, '🦙'] });

    const whole = await (await chat({ messages: [{ role: 'user', content: odd }] })).json();
    expect(whole.choices[0].message.content).toBe(`${odd}🦙`);
    expect(engine.requests[0]!.prompt).toEqual({ type: 'chat', messages: [{ role: 'user', content: odd }] });

    const chunks = (await events(await chat({ stream: true }))).slice(0, -1).map((data) => JSON.parse(data));
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe(`${odd}🦙`);
  });

  test('gives what the request leaves out, or sets to null, its default', async () => {
    const { chat, engine } = testApp();
    await chat();
    await chat({ temperature: null, top_p: null, seed: null, stop: null, max_tokens: null, top_k: -1 });

    for (const request of engine.requests)
      expect(request).toEqual({
        model: MODEL,
        prompt: { type: 'chat', messages: [{ role: 'user', content: 'hi' }] },
        maxTokens: undefined,
        stop: [],
        sampling: DEFAULT_SAMPLING,
      });
    expect(DEFAULT_SAMPLING).toMatchObject({
      temperature: 1,
      topP: 1,
      topK: 0,
      minP: 0,
      repetitionPenalty: 1,
    });
  });

  test('hands every sampling field to the engine', async () => {
    const { chat, engine } = testApp();
    await chat({
      temperature: 0,
      top_p: 0.5,
      top_k: 40,
      min_p: 0.05,
      repetition_penalty: 1.1,
      presence_penalty: -2,
      frequency_penalty: 2,
      seed: 42,
      stop: ['\n', 'END'],
      max_completion_tokens: 9,
    });
    expect(engine.requests[0]).toMatchObject({
      maxTokens: 9,
      stop: ['\n', 'END'],
      sampling: {
        temperature: 0,
        topP: 0.5,
        topK: 40,
        minP: 0.05,
        repetitionPenalty: 1.1,
        presencePenalty: -2,
        frequencyPenalty: 2,
        seed: 42,
      },
    });
  });

  test('top_p 0 keeps a positive share, as the engine requires', async () => {
    const { chat, engine } = testApp();
    await chat({ top_p: 0 });
    expect(engine.requests[0]!.sampling.topP).toBeGreaterThan(0);
    expect(engine.requests[0]!.sampling.topP).toBeLessThan(1e-9);
  });

  test('reads max_tokens and a single stop string', async () => {
    const { chat, engine } = testApp();
    await chat({ max_tokens: 5, stop: 'X' });
    expect(engine.requests[0]).toMatchObject({ maxTokens: 5, stop: ['X'] });
  });

  test('reads developer as system, and joins text parts by a newline', async () => {
    const { chat, engine } = testApp();
    const parts = [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ];
    await chat({
      messages: [
        { role: 'developer', content: 'be brief', name: 'ops' },
        { role: 'user', content: parts },
        { role: 'assistant', content: 'ok', refusal: null, annotations: [] },
      ],
    });
    expect(engine.requests[0]!.prompt).toEqual({
      type: 'chat',
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'one\ntwo' },
        { role: 'assistant', content: 'ok' },
      ],
    });
  });

  test.each([
    { user: 'u', metadata: { a: 'b' }, store: false, service_tier: 'auto', safety_identifier: 's' },
    { service_tier: 'default', prompt_cache_key: 'k', parallel_tool_calls: true },
    { n: 1, tools: [], tool_choice: 'none', functions: [], function_call: 'none', logit_bias: {} },
    { response_format: { type: 'text' }, modalities: ['text'], logprobs: false, top_logprobs: 0 },
    { audio: null, prediction: null, reasoning_effort: 'none', verbosity: 'medium' },
    { stream: false, stop: [] },
  ])('accepts what asks for nothing: %o', async (fields) => {
    expect((await testApp().chat(fields)).status).toBe(200);
  });

  test.each(['text/plain', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded'])(
    'reads the body as JSON under content-type %s',
    async (type) => {
      expect((await testApp().chat({}, { headers: { 'content-type': type } })).status).toBe(200);
    },
  );
});
