/** How large a request may be, whose pages may ask, and what browsers are told. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { toRequestOptions } from '../../app/request-settings.ts';
import { readSettings } from '../../app/settings.ts';
import { Env } from '../../lambda/env.ts';
import { SCRIPTED_MODEL } from '../support/scripted-engine.ts';
import { MODEL, type TestAppOptions, testApp } from '../support/test-app.ts';
import { bearer, testAccess, testKey } from '../support/test-keys.ts';

const optionsOf = (values: Record<string, string>) => toRequestOptions(readSettings(Env, values));

function setUp(values: Record<string, string>) {
  const made = testApp({}, optionsOf(values));
  const post = async (path: string, body: object) => {
    const reply = await made.app.request(path, {
      method: 'POST',
      body: JSON.stringify({ model: MODEL, ...body }),
    });
    return {
      status: reply.status,
      error: ((await reply.json()) as { error?: Record<string, string> }).error,
    };
  };
  return { ...made, post };
}

const turns = (...contents: readonly string[]) => contents.map((content) => ({ role: 'user', content }));

describe('a request is refused by field and limit', () => {
  const bounds = { CRIA_MAX_MESSAGES: '3', CRIA_MAX_TEXT: '10', CRIA_MAX_TOKENS: '50' };
  const chat = '/v1/chat/completions';
  test.each([
    {
      path: chat,
      body: { messages: turns('a', 'b', 'c', 'd') },
      field: 'messages',
      says: '4 messages, and this server takes 3 at most',
    },
    {
      path: chat,
      body: { messages: turns('a', 'x'.repeat(11)) },
      field: 'messages[1].content',
      says: '11 characters, and this server takes 10',
    },
    {
      path: chat,
      body: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: '123456' },
              { type: 'text', text: '78901' },
            ],
          },
        ],
      },
      field: 'messages[0].content',
      says: '12 characters',
    },
    {
      path: chat,
      body: { messages: turns('a'), max_tokens: 51 },
      field: 'max_tokens',
      says: '51 tokens, and this server takes 50',
    },
    { path: '/v1/completions', body: { prompt: 'x'.repeat(11) }, field: 'prompt', says: '11 characters' },
    {
      path: '/v1/completions',
      body: { prompt: 'x', max_tokens: 51 },
      field: 'max_tokens',
      says: '51 tokens',
    },
    { path: '/v1/responses', body: { input: 'x'.repeat(11) }, field: 'input', says: '11 characters' },
    {
      path: '/v1/responses',
      body: { input: 'x', max_output_tokens: 51 },
      field: 'max_output_tokens',
      says: '51 tokens',
    },
    { path: '/v1/embeddings', body: { input: ['x', 'x'.repeat(11)] }, field: 'input', says: '11 characters' },
  ])('$path: $says', async ({ path, body, field, says }) => {
    const { post, engine } = setUp(bounds);
    const { status, error } = await post(path, body);
    expect(status).toBe(400);
    expect(error).toMatchObject({ param: field, code: 'invalid_value' });
    expect(error!.message).toContain(`${field}: `);
    expect(error!.message).toContain(says);
    expect(engine.requests.length + engine.embedded.length).toBe(0);
  });

  test('what is just within them passes', async () => {
    const { post } = setUp(bounds);
    expect(await post(chat, { messages: turns('a', 'b', 'x'.repeat(10)), max_tokens: 50 })).toMatchObject({
      status: 200,
    });
  });

  test('a conversation that is kept counts with what it was before', async () => {
    const { app, post } = setUp(bounds);
    const first = await app.request('/v1/responses', {
      method: 'POST',
      body: JSON.stringify({ model: MODEL, input: 'a' }),
    });
    const { id } = (await first.json()) as { id: string };
    const next = await post('/v1/responses', { input: 'b', previous_response_id: id });
    expect(next.status).toBe(400);
    expect(next.error!.message).toBe('input: 11 characters, and this server takes 10 at most'); // the reply of the first
  });

  test('a body by its bytes', async () => {
    const { post } = setUp({ CRIA_MAX_BODY: '1024' });
    expect(await post(chat, { messages: turns('x'.repeat(1024)) })).toMatchObject({
      status: 413,
      error: { message: 'the request body is larger than 1024 bytes' },
    });
  });
});

test.each([
  { contextLength: 1_000, is: 50 },
  { contextLength: 20, is: 19 },
])(
  'a reply whose length is not said has the bound, or what the context of $contextLength has room for',
  async ({ contextLength, is }) => {
    const models = [{ ...SCRIPTED_MODEL, contextLength }];
    const { chat, engine } = testApp({ models }, optionsOf({ CRIA_MAX_TOKENS: '50' }));
    expect((await chat()).status).toBe(200);
    const counted = await engine.countTokens(
      { model: MODEL, inputs: [engine.requests[0]!.prompt] },
      new AbortController().signal,
    );
    expect(engine.requests[0]!.maxTokens).toBe(Math.min(50, contextLength - counted[0]!));
    expect(engine.requests[0]!.maxTokens).toBeLessThanOrEqual(is);
  },
);

describe('pages', () => {
  test('of some origins may ask, others not', async () => {
    const { app } = setUp({ CRIA_CORS: 'https://a.example, https://b.example:8443' });
    const allowed = async (origin: string) =>
      (await app.request('/v1/models', { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await allowed('https://b.example:8443')).toBe('https://b.example:8443');
    expect(await allowed('http://localhost:5173')).toBe('http://localhost:5173'); // the machine's own
    expect(await allowed('https://c.example')).toBeNull();
    expect(await allowed('https://a.example.org')).toBeNull();
  });

  test('of all may where the operator says so, with keys where nothing is said, and of some with keys too', async () => {
    const { access } = testAccess([testKey('a')]);
    const headers = { ...bearer('a'), origin: 'https://c.example' };
    const allowed = async (options: TestAppOptions) =>
      (await testApp({}, options).app.request('/v1/models', { headers })).status;
    expect(await allowed(optionsOf({ CRIA_CORS: '*' }))).toBe(200);
    expect(await allowed(optionsOf({}))).toBe(403);
    expect(await allowed({ ...optionsOf({}), access })).toBe(200);
    expect(await allowed({ ...optionsOf({ CRIA_CORS: 'https://a.example' }), access })).toBe(403);
  });

  test.each([
    'a.example',
    'https://a.example/',
    'https://a.example/path',
    'https://a.example;https://b.example',
    'javascript:1',
  ])('%s is no origin', (CRIA_CORS) => {
    expect(() => optionsOf({ CRIA_CORS })).toThrow('CRIA_CORS: write origins');
  });

  test('are told not to guess, not to be framed, and to run their own scripts alone, whatever the answer', async () => {
    const { app, chat } = testApp();
    for (const reply of [
      await chat(),
      await chat({ n: 0 }),
      await chat({ stream: true }),
      await app.request('/nothing'),
    ]) {
      const headers = Object.fromEntries(reply.headers);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      expect(headers['content-security-policy']).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
      expect(headers['content-security-policy']).not.toContain('unsafe');
    }
  });
});

test('where Cloudflare serves the pages itself, it tells browsers the same', async () => {
  const ours = (await testApp().app.request('/nothing')).headers;
  const lines = (await readFile('web/_headers', 'utf8')).trim().split('\n').slice(1);
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const [name, ...value] = line.trim().split(': ');
    expect(ours.get(name!), name).toBe(value.join(': '));
  }
});

describe('a request’s id', () => {
  test.each([
    { given: 'mine-1_2=3', is: 'mine-1_2=3' },
    { given: 'x'.repeat(128), is: 'x'.repeat(128) },
    { given: 'x'.repeat(129), is: 'id-1' },
    { given: 'a b', is: 'id-1' },
    { given: '{"event":"request"}', is: 'id-1' },
    { given: '<script>', is: 'id-1' },
    { given: '', is: 'id-1' },
  ])('$given is $is, in the reply and in the log', async ({ given, is }) => {
    const { app, logs } = testApp();
    const reply = await app.request('/v1/models', { headers: { 'x-request-id': given } });
    expect(reply.headers.get('x-request-id')).toBe(is);
    expect(logs.map(({ requestId }) => requestId)).toEqual([is]);
  });
});
