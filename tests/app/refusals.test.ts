import { describe, expect, test } from 'vitest';
import {
  BusyError,
  ContextLengthError,
  InvalidPromptError,
  LogitBiasError,
  OutOfMemoryError,
} from '../../engine/errors.ts';
import { FormatError } from '../../models/errors.ts';
import { MODEL, testApp } from '../support/test-app.ts';

const user = { role: 'user', content: 'hi' };

const tool = (fields: object) => ({ type: 'function', function: { name: 'f', ...fields } });
const chosen = (name: string) => ({ type: 'function', function: { name } });
const nested = (depth: number): object => (depth === 0 ? {} : { not: nested(depth - 1) });
const withCall = (fields: object) => ({
  messages: [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' }, ...fields }],
    },
  ],
});

/** What is wrong, the field that must be named, and its code when it is not invalid_value. */
const BAD_CHAT: [fields: object, param: string, code?: string][] = [
  [{ model: undefined }, 'model', 'missing_required_parameter'],
  [{ model: 5 }, 'model'],
  [{ model: '' }, 'model'],
  [{ messages: undefined }, 'messages', 'missing_required_parameter'],
  [{ messages: [] }, 'messages'],
  [{ messages: 'hi' }, 'messages'],
  [{ messages: Array(2049).fill(user) }, 'messages'],
  [{ messages: [user, 'hi'] }, 'messages[1]'],
  [{ messages: [{ role: 'robot', content: 'hi' }] }, 'messages[0].role'],
  [{ messages: [{ content: 'hi' }] }, 'messages[0].role', 'missing_required_parameter'],
  [{ messages: [{ role: 'user' }] }, 'messages[0].content', 'missing_required_parameter'],
  [{ messages: [{ role: 'user', content: null }] }, 'messages[0].content'],
  [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
  [{ messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
  [
    { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
    'messages[0].content[0].text',
    'missing_required_parameter',
  ],
  [{ messages: [{ ...user, weight: 1 }] }, 'messages[0].weight', 'unknown_parameter'],
  [{ messages: [{ role: 'assistant' }] }, 'messages[0].content', 'missing_required_parameter'],
  [{ messages: [{ role: 'assistant', content: null }] }, 'messages[0].content'],
  [{ messages: [{ role: 'assistant', content: null, tool_calls: [] }] }, 'messages[0].content'],
  [withCall({ id: undefined }), 'messages[0].tool_calls[0].id', 'missing_required_parameter'],
  [withCall({ type: 'custom' }), 'messages[0].tool_calls[0].type'],
  [withCall({ function: { name: 'a b', arguments: '' } }), 'messages[0].tool_calls[0].function.name'],
  [withCall({ function: { name: 'f', arguments: {} } }), 'messages[0].tool_calls[0].function.arguments'],
  [{ messages: [user, { role: 'tool', content: 'x', tool_call_id: 'call_1' }] }, 'messages[1].tool_call_id'],
  [
    { messages: [{ role: 'tool', content: 'x', tool_call_id: 'call_1' }, ...withCall({}).messages] },
    'messages[0].tool_call_id',
  ],
  [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id', 'missing_required_parameter'],
  [{ nonsense: true }, 'nonsense', 'unknown_parameter'],
  [{ n: 0 }, 'n'],
  [{ n: 33 }, 'n'],
  [{ n: 1.5 }, 'n'],
  [{ tools: [{ type: 'custom', custom: { name: 'f' } }] }, 'tools[0].type'],
  [{ tools: [{ type: 'function' }] }, 'tools[0].function', 'missing_required_parameter'],
  [{ tools: [tool({ name: undefined })] }, 'tools[0].function.name', 'missing_required_parameter'],
  [{ tools: [tool({ name: '' })] }, 'tools[0].function.name'],
  [{ tools: [tool({ name: 'a b' })] }, 'tools[0].function.name'],
  [{ tools: [tool({ name: 'été' })] }, 'tools[0].function.name'],
  [{ tools: [tool({ name: 'a'.repeat(65) })] }, 'tools[0].function.name'],
  [{ tools: [tool({ description: 'x'.repeat(16_385) })] }, 'tools[0].function.description'],
  [{ tools: [tool({ parameters: [] })] }, 'tools[0].function.parameters'],
  [{ tools: [tool({ parameters: { type: 'string' } })] }, 'tools[0].function.parameters.type'],
  [{ tools: [tool({ parameters: { description: 'x'.repeat(262_145) } })] }, 'tools[0].function.parameters'],
  [{ tools: [tool({ parameters: nested(64) })] }, 'tools[0].function.parameters'],
  [{ tools: [tool({ strict: 'yes' })] }, 'tools[0].function.strict'],
  [{ tools: [tool({ weight: 1 })] }, 'tools[0].function.weight', 'unknown_parameter'],
  [{ tools: [tool({}), tool({})] }, 'tools[1].function.name'],
  [{ tools: Array.from({ length: 129 }, (_, i) => tool({ name: `f${i}` })) }, 'tools'],
  [{ tool_choice: 'required' }, 'tool_choice'],
  [{ tool_choice: 'required', tools: [] }, 'tool_choice'],
  [{ tool_choice: 'any', tools: [tool({})] }, 'tool_choice'],
  [{ tool_choice: chosen('f') }, 'tool_choice.function.name'],
  [{ tool_choice: chosen('g'), tools: [tool({})] }, 'tool_choice.function.name'],
  [{ tool_choice: { type: 'custom', custom: { name: 'f' } }, tools: [tool({})] }, 'tool_choice.type'],
  [
    {
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [chosen('g')] } },
      tools: [tool({})],
    },
    'tool_choice.allowed_tools.tools[0].function.name',
  ],
  [{ functions: [{ name: 'f' }] }, 'functions[0]'],
  [{ logprobs: 1 }, 'logprobs'],
  [{ response_format: { type: 'xml' } }, 'response_format.type'],
  [{ response_format: { type: 'json_object', schema: {} } }, 'response_format.schema', 'unknown_parameter'],
  [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema', 'missing_required_parameter'],
  [
    { response_format: { type: 'json_schema', json_schema: {} } },
    'response_format.json_schema.name',
    'missing_required_parameter',
  ],
  [
    { response_format: { type: 'json_schema', json_schema: { name: 'a b' } } },
    'response_format.json_schema.name',
  ],
  [
    { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: [] } } },
    'response_format.json_schema.schema',
  ],
  [{ top_logprobs: 3 }, 'top_logprobs'],
  [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs'],
  [{ logprobs: true, top_logprobs: 1.5 }, 'top_logprobs'],
  [{ logit_bias: { 50256: -100.5 } }, 'logit_bias.50256'],
  [{ logit_bias: { 50256: '1' } }, 'logit_bias.50256'],
  [{ logit_bias: { word: 1 } }, 'logit_bias.word'],
  [{ logit_bias: { '-1': 1 } }, 'logit_bias.-1'],
  [{ logit_bias: { '1.5': 1 } }, 'logit_bias.1.5'],
  [{ logit_bias: { '01': 1 } }, 'logit_bias.01'],
  [{ modalities: ['text', 'audio'] }, 'modalities[1]'],
  [{ audio: { voice: 'alloy', format: 'wav' } }, 'audio'],
  [{ prediction: { type: 'content', content: 'x' } }, 'prediction'],
  [{ web_search_options: {} }, 'web_search_options'],
  [{ reasoning_effort: 'high' }, 'reasoning_effort'],
  [{ store: true }, 'store'],
  [{ service_tier: 'priority' }, 'service_tier'],
  [{ temperature: -0.1 }, 'temperature'],
  [{ temperature: 2.1 }, 'temperature'],
  [{ temperature: '1' }, 'temperature'],
  [{ top_p: 1.1 }, 'top_p'],
  [{ top_p: -1 }, 'top_p'],
  [{ presence_penalty: 2.5 }, 'presence_penalty'],
  [{ frequency_penalty: -2.5 }, 'frequency_penalty'],
  [{ top_k: 1.5 }, 'top_k'],
  [{ top_k: -2 }, 'top_k'],
  [{ min_p: 1 }, 'min_p'],
  [{ repetition_penalty: 0 }, 'repetition_penalty'],
  [{ seed: 1.5 }, 'seed'],
  [{ seed: 2 ** 64 }, 'seed'],
  [{ max_tokens: 0 }, 'max_tokens'],
  [{ max_tokens: -1 }, 'max_tokens'],
  [{ max_tokens: '5' }, 'max_tokens'],
  [{ max_tokens: 1.5 }, 'max_tokens'],
  [{ max_completion_tokens: -1 }, 'max_completion_tokens'],
  [{ max_tokens: 1, max_completion_tokens: 2 }, 'max_tokens'],
  [{ stop: '' }, 'stop'],
  [{ stop: ['a', ''] }, 'stop[1]'],
  [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
  [{ stop: 5 }, 'stop'],
  [{ stream: 'yes' }, 'stream'],
  [{ stream_options: { include_usage: true } }, 'stream_options'],
  [{ stream: true, stream_options: { include_obfuscation: true } }, 'stream_options.include_obfuscation'],
  [{ stream: true, stream_options: { often: true } }, 'stream_options.often', 'unknown_parameter'],
];

const BAD_TEXT: [fields: object, param: string, code?: string][] = [
  [{ model: undefined }, 'model', 'missing_required_parameter'],
  [{ prompt: undefined }, 'prompt', 'missing_required_parameter'],
  [{ prompt: 5 }, 'prompt'],
  [{ prompt: [] }, 'prompt'],
  [{ prompt: [[]] }, 'prompt[0]'],
  [{ prompt: ['a', 5] }, 'prompt'],
  [{ prompt: [[1], []] }, 'prompt[1]'],
  [{ prompt: Array(33).fill('a') }, 'prompt'],
  [{ prompt: [1, 'b'] }, 'prompt'],
  [{ prompt: [-1] }, 'prompt[0]'],
  [{ prompt: [1.5] }, 'prompt'],
  [{ messages: [user] }, 'messages', 'unknown_parameter'],
  [{ max_completion_tokens: 5 }, 'max_completion_tokens', 'unknown_parameter'],
  [{ n: 0 }, 'n'],
  [{ prompt: ['a', 'b', 'c'], n: 11 }, 'prompt'],
  [{ best_of: 0 }, 'best_of'],
  [{ best_of: 21 }, 'best_of'],
  [{ best_of: 2, n: 3 }, 'best_of'],
  [{ best_of: 2, stream: true }, 'best_of'],
  [{ prompt: ['a', 'b'], best_of: 17 }, 'prompt'],
  [{ echo: 'yes' }, 'echo'],
  [{ logprobs: 6 }, 'logprobs'],
  [{ logprobs: true }, 'logprobs'],
  [{ logit_bias: { 1: 101 } }, 'logit_bias.1'],
  [{ suffix: 'x' }, 'suffix'],
  [{ max_tokens: -1 }, 'max_tokens'],
  [{ temperature: 3 }, 'temperature'],
  [{ stream_options: {} }, 'stream_options'],
];

const BAD_EMBEDDING: [fields: object, param: string, code?: string][] = [
  [{ model: undefined }, 'model', 'missing_required_parameter'],
  [{ input: undefined }, 'input', 'missing_required_parameter'],
  [{ input: '' }, 'input'],
  [{ input: [] }, 'input'],
  [{ input: ['a', ''] }, 'input[1]'],
  [{ input: [[1], []] }, 'input[1]'],
  [{ input: [1.5] }, 'input'],
  [{ input: ['a', 1] }, 'input'],
  [{ input: Array(2049).fill('a') }, 'input'],
  [{ encoding_format: 'int8' }, 'encoding_format'],
  [{ dimensions: 0 }, 'dimensions'],
  [{ dimensions: 1.5 }, 'dimensions'],
  [{ user: 5 }, 'user'],
  [{ truncate: true }, 'truncate', 'unknown_parameter'],
];

async function expectRefusal(reply: Response, param: string | null, code: string, status = 400) {
  expect(reply.status).toBe(status);
  const body = await reply.json();
  expect(body).toEqual({
    error: { message: expect.any(String), type: expect.any(String), param, code },
    status,
    title: expect.any(String),
    detail: body.error.message,
  });
  return body.error as { message: string; type: string };
}

describe('a request that is wrong is refused with 400, and the field is named', () => {
  test.each(BAD_CHAT)('chat %j', async (fields, param, code = 'invalid_value') => {
    const { chat, engine } = testApp();
    const { message, type } = await expectRefusal(await chat(fields), param, code);
    expect(message).toContain(param);
    expect(type).toBe('invalid_request_error');
    expect(engine.requests).toEqual([]);
  });

  test.each(BAD_TEXT)('text %j', async (fields, param, code = 'invalid_value') => {
    const { text, engine } = testApp();
    const { message } = await expectRefusal(await text(fields), param, code);
    expect(message).toContain(param);
    expect(engine.requests).toEqual([]);
  });

  test.each(BAD_EMBEDDING)('embedding %j', async (fields, param, code = 'invalid_value') => {
    const { embed, engine } = testApp();
    const { message } = await expectRefusal(await embed(fields), param, code);
    expect(message).toContain(param);
    expect(engine.embedded).toEqual([]);
  });

  test('an image part is refused by its name', async () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    const reply = await testApp().chat({
      messages: [{ role: 'user', content: [{ type: 'text', text: 'what is this?' }, image] }],
    });
    const { message } = await expectRefusal(reply, 'messages[0].content[1].type', 'invalid_value');
    expect(message).toContain('"image_url" are not supported');
  });

  test('an unknown field is refused in the words OpenAI uses', async () => {
    const { message } = await expectRefusal(await testApp().chat({ foo: 1 }), 'foo', 'unknown_parameter');
    expect(message).toBe('Unrecognized request argument supplied: foo');
  });

  test('__proto__ is a field like any other', async () => {
    const body = `{"model":"${MODEL}","messages":[{"role":"user","content":"hi"}],"__proto__":{"n":2}}`;
    await expectRefusal(await testApp().chat({}, { body }), '__proto__', 'unknown_parameter');
  });
});

describe('a body that is no request is refused', () => {
  test.each([
    ['', 'invalid_json'],
    ['{"model":', 'invalid_json'],
    ["{'model': 1}", 'invalid_json'],
    [new Uint8Array([0x22, 0xff, 0x22]), 'invalid_json'],
    ['null', 'invalid_value'],
    ['[]', 'invalid_value'],
    ['"hi"', 'invalid_value'],
  ])('%s', async (body, code) => {
    await expectRefusal(await testApp().chat({}, { body }), null, code);
  });

  test('of a length that says it is too large, without being read', async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      { pull: (controller) => controller.enqueue(new Uint8Array(++pulled)) },
      { highWaterMark: 0 },
    );
    const { chat } = testApp({}, { maxBodyBytes: 100 });
    const init = { body, duplex: 'half', headers: { 'content-length': '101' } };
    await expectRefusal(await chat({}, init as RequestInit), null, 'body_too_large', 413);
    expect(pulled).toBe(0);
  });

  test('that turns out too large, without reading the rest', async () => {
    let pulled = 0;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++;
          controller.enqueue(new Uint8Array(60));
        },
        cancel() {
          cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const { chat } = testApp({}, { maxBodyBytes: 100 });
    const reply = await chat({}, { body, duplex: 'half' } as RequestInit);
    await expectRefusal(reply, null, 'body_too_large', 413);
    expect({ pulled, cancelled }).toEqual({ pulled: 2, cancelled: true });
  });

  test('of exactly the limit is read; the default limit is 1 MiB', async () => {
    const frame = JSON.stringify({ model: MODEL, prompt: '' }).length;
    const fits = 'x'.repeat((1 << 20) - frame);
    expect((await testApp().text({ prompt: fits })).status).toBe(200);
    await expectRefusal(await testApp().text({ prompt: `${fits}x` }), null, 'body_too_large', 413);
  });
});

describe('what the engine refuses becomes a status, before any stream opens', () => {
  test.each([{ stream: false }, { stream: true }])('an unknown model is 404, %o', async (fields) => {
    const reply = await testApp().chat({ ...fields, model: 'gpt-4' });
    expect((await expectRefusal(reply, 'model', 'model_not_found', 404)).message).toContain(MODEL);
  });

  test.each([{ stream: false }, { stream: true }])(
    'a full queue is 429 with Retry-After, %o',
    async (fields) => {
      const reply = await testApp({ refusal: new BusyError(8, 3) }).chat(fields);
      expect(reply.headers.get('retry-after')).toBe('3');
      expect((await expectRefusal(reply, null, 'model_busy', 429)).type).toBe('rate_limit_error');
    },
  );

  test('a prompt too long is 400 and names the field that holds it', async () => {
    const { chat, text } = testApp({ refusal: new ContextLengthError(200, 50, 128) });
    const { message } = await expectRefusal(
      await chat({ stream: true }),
      'messages',
      'context_length_exceeded',
    );
    expect(message).toContain('200 tokens');
    await expectRefusal(await text(), 'prompt', 'context_length_exceeded');
  });

  test('a prompt that cannot be one is 400', async () => {
    const { text } = testApp({ refusal: new InvalidPromptError('token 9 is not in the vocabulary') });
    await expectRefusal(await text({ prompt: [9] }), 'prompt', 'invalid_request');
  });

  test('a bias for a token that there is not is 400 and names its key', async () => {
    const { chat } = testApp({ refusal: new LogitBiasError(128_256, 128_256) });
    const { message } = await expectRefusal(
      await chat({ logit_bias: { 128256: 1 } }),
      'logit_bias.128256',
      'invalid_logit_bias',
    );
    expect(message).toContain('0 to 128255');
  });

  test('no room on the device is 503, and the log hears of it', async () => {
    const { chat, logs } = testApp({ refusal: new OutOfMemoryError(4096, new Error('1 GiB in use')) });
    await expectRefusal(await chat(), null, 'out_of_memory', 503);
    expect(logs).toContainEqual(expect.objectContaining({ event: 'error', name: 'OutOfMemoryError' }));
  });

  test.each([
    new Error('weights at /secret/path are broken'),
    new FormatError('gguf', 4, 'weights at /secret/path are broken'),
    Object.assign(new Error('weights at /secret/path are broken'), { code: 'toString' }),
  ])('anything else is 500 and tells only the log: %s', async (refusal) => {
    const { chat, logs } = testApp({ refusal });
    const reply = await chat();
    const { message, type } = await expectRefusal(reply, null, 'internal', 500);
    expect(message).toBe('internal error in request id-1');
    expect(type).toBe('server_error');
    expect(logs).toContainEqual(
      expect.objectContaining({ event: 'error', requestId: 'id-1', message: refusal.message }),
    );
  });
});

describe('a URL that is none', () => {
  test.each(['/', '/v1', '/v1/chat', '/v1/chat/completions/x', '/nothing'])('%s is 404', async (path) => {
    const { app } = testApp();
    await expectRefusal(await app.request(path), null, 'unknown_url', 404);
  });

  test.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['PUT', '/v1/completions', 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/a/b', 'GET, HEAD'],
    ['POST', '/v1/health', 'GET, HEAD'],
  ])('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const reply = await testApp().app.request(path, { method });
    expect(reply.headers.get('allow')).toBe(allow);
    await expectRefusal(reply, null, 'method_not_allowed', 405);
  });
});
