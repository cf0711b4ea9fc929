import { createHash } from 'node:crypto';
import OpenAI, { AuthenticationError, PermissionDeniedError } from 'openai';
import { describe, expect, test } from 'vitest';
import type { AccessKey } from '../../app/access/access-key.ts';
import { chat, connectBatches } from '../support/batches-client.ts';
import { SCRIPTED_MODEL, VECTOR } from '../support/scripted-engine.ts';
import { MODEL, testApp } from '../support/test-app.ts';
import { bearer, secretOf, testAccess, testKey } from '../support/test-keys.ts';

const OTHER = { ...SCRIPTED_MODEL, id: 'another/Model' };

function setUp(keys: readonly AccessKey[] = [testKey('alice'), testKey('bob')]) {
  const clock = { ms: Date.parse('2026-06-01T00:00:00Z') };
  const { access, held } = testAccess(keys, clock);
  const made = testApp({ models: [SCRIPTED_MODEL, OTHER] }, { access });
  const statusOf = async (path: string, headers: Record<string, string> = {}) =>
    (await made.app.request(path, { headers })).status;
  return { ...made, held, accessClock: clock, statusOf };
}

describe('a key', () => {
  test.each([
    { what: 'none', headers: {} as Record<string, string>, status: 401 },
    { what: 'one that is not known', headers: bearer('eve'), status: 401 },
    { what: 'one in another scheme', headers: { authorization: `Basic ${secretOf('alice')}` }, status: 401 },
    {
      what: 'the beginning of one',
      headers: { authorization: `Bearer ${secretOf('alice').slice(0, -1)}` },
      status: 401,
    },
    {
      what: 'a hash in its place',
      headers: { authorization: `Bearer ${testKey('alice').sha256}` },
      status: 401,
    },
    { what: 'the first', headers: bearer('alice'), status: 200 },
    { what: 'the last', headers: bearer('bob'), status: 200 },
    {
      what: 'one after two spaces, in lower case',
      headers: { authorization: `bearer  ${secretOf('bob')}` },
      status: 200,
    },
  ])('$what: $status', async ({ headers, status }) => {
    const { chat, engine } = setUp();
    const reply = await chat({}, { headers });
    expect(reply.status).toBe(status);
    expect(engine.requests).toHaveLength(status === 200 ? 1 : 0);
    if (status === 200) return;
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    expect(reply.headers.get('access-control-allow-origin')).toBe('*'); // a page may read why
    expect(await reply.json()).toMatchObject({
      error: { type: 'invalid_request_error', code: 'invalid_api_key', param: null },
    });
  });

  test('is needed for the API and the metrics, however the path is spelt; not for health and documents', async () => {
    const { app, statusOf } = setUp();
    for (const path of [
      '/v1/models',
      '/v1/files',
      '/v1/version',
      '/v1/nothing',
      '/metrics',
      '/%76%31/models',
    ])
      expect(await statusOf(path), path).toBe(401);
    for (const path of ['/v1/health', '/openapi.json']) expect(await statusOf(path), path).toBe(200);
    for (const path of ['/v1/healthy', '/v1/health/../models']) expect(await statusOf(path), path).toBe(401);
    expect(await statusOf('/metrics', bearer('bob'))).toBe(200);
    const preflight = await app.request('/v1/models', {
      method: 'OPTIONS',
      headers: { origin: 'https://a.example' },
    });
    expect(preflight.status).toBe(204);
  });

  test('holds until it expires, and no longer than it is there', async () => {
    const { held, accessClock, statusOf } = setUp([testKey('alice', { expires: '2026-06-01T00:00:01Z' })]);
    expect(await statusOf('/v1/models', bearer('alice'))).toBe(200);
    accessClock.ms += 1_000;
    expect(await statusOf('/v1/models', bearer('alice'))).toBe(401);
    held.keys = [testKey('carol')];
    expect(await statusOf('/v1/models', bearer('carol'))).toBe(200);
    held.keys = [];
    expect(await statusOf('/v1/models', bearer('carol'))).toBe(401);
  });

  test('is in no line of the log', async () => {
    const { chat, app, logs } = setUp();
    for (const id of ['alice', 'eve']) {
      await chat({}, { headers: bearer(id) });
      await app.request('/v1/nothing', { headers: bearer(id) });
    }
    expect(logs.length).toBeGreaterThan(3);
    expect(JSON.stringify(logs)).not.toContain('secret');
    expect(JSON.stringify(logs)).not.toContain(createHash('sha256').update(secretOf('alice')).digest('hex'));
  });
});

describe('a key for some models', () => {
  const keys = [testKey('alice', { models: [MODEL] }), testKey('bob')];
  const post = (app: ReturnType<typeof setUp>['app'], path: string, model: string) => {
    const fields = { messages: [{ role: 'user', content: 'hi' }], prompt: 'hi', input: 'hi' };
    const wanted = { '/v1/chat/completions': 'messages', '/v1/completions': 'prompt' }[path] ?? 'input';
    const body = { model, [wanted]: fields[wanted as keyof typeof fields] };
    return app.request(path, { method: 'POST', body: JSON.stringify(body), headers: bearer('alice') });
  };

  test.each(['/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/embeddings'])(
    'gets 403 for another at %s, whether it is served or not',
    async (path) => {
      const { app, engine } = setUp(keys);
      const replies = [await post(app, path, OTHER.id), await post(app, path, 'not/served')];
      const bodies = await Promise.all(replies.map((reply) => reply.text()));
      expect(replies.map(({ status }) => status)).toEqual([403, 403]);
      expect(bodies[0]!.replaceAll(OTHER.id, 'not/served')).toBe(bodies[1]); // it tells nothing of what is served
      expect(JSON.parse(bodies[0]!)).toMatchObject({
        error: { type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
      });
      expect(engine.requests.length + engine.embedded.length).toBe(0);
      expect((await post(app, path, MODEL)).status).toBe(200);
    },
  );

  test('sees those alone', async () => {
    const { app, statusOf } = setUp(keys);
    const idsOf = async (id: string) => {
      const list = (await (await app.request('/v1/models', { headers: bearer(id) })).json()) as {
        data: { id: string }[];
      };
      return list.data.map((model) => model.id);
    };
    expect(await idsOf('alice')).toEqual([MODEL]);
    expect(await idsOf('bob')).toEqual([MODEL, OTHER.id]);
    expect(await statusOf(`/v1/models/${OTHER.id}`, bearer('alice'))).toBe(404);
    expect(await statusOf(`/v1/models/${OTHER.id}`, bearer('bob'))).toBe(200);
  });
});

test('a batch may do what the key may that left it, for as long as that holds', async () => {
  const { access, held } = testAccess([testKey('alice', { models: [MODEL] })]);
  const models = [SCRIPTED_MODEL, OTHER];
  const { create, runAll, batches, read } = connectBatches({ models }, 1, {
    access,
    apiKey: secretOf('alice'),
  });
  const statuses = async (id: string) => {
    const { output_file_id, error_file_id } = await batches.retrieve(id);
    const lines = [...(await read(output_file_id)), ...(await read(error_file_id))];
    return lines.map(({ custom_id, response }) => [custom_id, response.status_code]);
  };
  const text = `${chat('may')}\n${chat('may not', { model: OTHER.id })}`;
  const { id } = await create(text);
  await runAll();
  expect(await statuses(id)).toEqual([
    ['may', 200],
    ['may not', 403],
  ]);

  const later = await create(text);
  const { keys } = held;
  held.keys = [];
  await runAll();
  held.keys = keys;
  expect(await statuses(later.id)).toEqual([
    ['may', 401],
    ['may not', 401],
  ]);
});

test('OpenAI’s client meets the errors it knows', async () => {
  const { app } = setUp([testKey('alice', { models: [MODEL] })]);
  const client = (apiKey: string) =>
    new OpenAI({
      apiKey,
      baseURL: 'http://cria/v1',
      maxRetries: 0,
      fetch: async (url, init) => app.request(url as string, init as RequestInit),
    });
  const embed = (apiKey: string, model: string) =>
    client(apiKey).embeddings.create({ model, input: 'hi', encoding_format: 'float' });
  await expect(embed('wrong', MODEL)).rejects.toBeInstanceOf(AuthenticationError);
  await expect(embed(secretOf('alice'), OTHER.id)).rejects.toBeInstanceOf(PermissionDeniedError);
  expect((await embed(secretOf('alice'), MODEL)).data[0]!.embedding).toEqual([...VECTOR]);
});
