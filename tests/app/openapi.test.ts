import { describe, expect, test } from 'vitest';
import { openApiDocument } from '../../app/openapi.ts';
import { BusyError } from '../../engine/errors.ts';
import { type OpenApi, openApiValidator } from '../support/openapi-validator.ts';
import { events, MODEL, testApp } from '../support/test-app.ts';

const { app } = testApp();
const document = openApiDocument();
const validator = openApiValidator(document as unknown as OpenApi, { closed: true });

test('/openapi.json lists the routes the app has, no more and no fewer', () => {
  const served = app.routes
    .filter(({ method }) => method !== 'ALL') // middleware
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{.+?\})?/g, '{$1}')}`);
  const listed = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(document.openapi).toBe('3.1.0');
  expect(listed.sort()).toEqual(served.sort());
});

test('every $ref in /openapi.json leads somewhere', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!);
  expect(refs.length).toBeGreaterThan(10);
  for (const ref of refs) {
    expect(ref).toMatch(/^#\/components\/schemas\//);
    expect(document.components.schemas).toHaveProperty(ref.slice('#/components/schemas/'.length));
  }
});

// Required by OpenAI's OpenAPI 2.3.0, written out by hand from it.
const OPENAI_REQUIRED = {
  chat: ['choices', 'created', 'id', 'model', 'object'],
  chatChoice: ['finish_reason', 'index', 'message', 'logprobs'],
  chatMessage: ['role', 'content', 'refusal'],
  chunkChoice: ['delta', 'finish_reason', 'index'],
  textChoice: ['finish_reason', 'index', 'logprobs', 'text'],
  usage: ['prompt_tokens', 'completion_tokens', 'total_tokens'],
  promptTokensDetails: ['cached_tokens'],
  model: ['id', 'object', 'created', 'owned_by'],
  error: ['type', 'message', 'param', 'code'],
  // Llama Stack 0.7.1
  stackModel: ['identifier', 'provider_id', 'type', 'metadata', 'model_type'],
  stackError: ['status', 'title', 'detail'],
};
const expectFields = (value: object, fields: keyof typeof OPENAI_REQUIRED) =>
  expect(Object.keys(value)).toEqual(expect.arrayContaining(OPENAI_REQUIRED[fields]));

describe('every reply has what OpenAI requires', () => {
  test('chat completion', async () => {
    const reply = await (await testApp().chat()).json();
    expectFields(reply, 'chat');
    expectFields(reply.choices[0], 'chatChoice');
    expectFields(reply.choices[0].message, 'chatMessage');
    expectFields(reply.usage, 'usage');
    expectFields(reply.usage.prompt_tokens_details, 'promptTokensDetails');
  });

  test.each([undefined, { include_usage: true }])(
    'each chunk of a chat stream, options %o',
    async (options) => {
      const all = await events(await testApp().chat({ stream: true, stream_options: options }));
      for (const data of all.slice(0, -1)) {
        const chunk = JSON.parse(data);
        expectFields(chunk, 'chat');
        for (const choice of chunk.choices) expectFields(choice, 'chunkChoice');
      }
    },
  );

  test('text completion', async () => {
    const reply = await (await testApp().text()).json();
    expectFields(reply, 'chat');
    expectFields(reply.choices[0], 'textChoice');
  });

  test('each chunk of a text stream', async () => {
    const all = await events(await testApp().text({ stream: true, stream_options: { include_usage: true } }));
    for (const data of all.slice(0, -1)) {
      for (const choice of JSON.parse(data).choices) expectFields(choice, 'textChoice');
    }
  });

  test('models', async () => {
    const list = await (await app.request('/v1/models')).json();
    const one = await (await app.request(`/v1/models/${MODEL}`)).json();
    for (const model of [one, ...list.data]) {
      expectFields(model, 'model');
      expectFields(model, 'stackModel');
    }
  });

  test.each([
    ['400', () => testApp().chat({ n: 0 })],
    ['404', () => testApp().app.request('/nothing')],
    ['429', () => testApp({ refusal: new BusyError(1, 1) }).chat()],
    ['500', () => testApp({ refusal: new Error('x') }).chat()],
  ])('refusal with %s', async (_status, refused) => {
    const body = await (await refused()).json();
    expectFields(body.error, 'error');
    expectFields(body, 'stackError');
  });
});

describe('/openapi.json judges requests as the app does', () => {
  const messages = [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }];
  test.each([
    [{ model: MODEL, messages }, true],
    [{ model: MODEL, messages, temperature: null, stop: ['a'], tools: [], logit_bias: {} }, true],
    [{ messages }, false],
    [{ model: MODEL, messages, n: 0 }, false],
    [{ model: MODEL, messages, foo: 1 }, false],
    [{ model: MODEL, messages, temperature: 3 }, false],
    [{ model: MODEL, messages, logit_bias: { 1: 1 } }, false],
    [{ model: MODEL, messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, false],
  ])('%j: %s', async (request, fits) => {
    const operation = validator.find('POST', '/v1/chat/completions')!;
    expect(validator.judgeBody(operation)(request) === undefined).toBe(fits);
    const reply = await app.request('/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify(request),
    });
    expect(reply.status === 200).toBe(fits);
  });
});
