import { createHash } from 'node:crypto';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { createAccess } from '../../../app/access/access.ts';
import { createFixedKeys } from '../../../app/access/key-source.ts';
import { Routes } from '../../../app/gateway/schema.ts';
import { routes, type Server, says, setUp } from '../../support/gateway-setup.ts';
import { MODEL, testApp } from '../../support/test-app.ts';

describe('a request by model', () => {
  test.each([
    ['summarize', 'llama', 'near', MODEL],
    ['rewrite', 'remote', 'far', 'far-model'],
    ['assistant', 'llama', 'near', MODEL],
  ])('may be the task %s of the model %s', async (task, model, server, known) => {
    const { app, asked } = setUp({ near: says('hi'), far: says('hi') });
    const reply = await app.request(`/v1/tasks/${task}`, {
      method: 'POST',
      body: JSON.stringify({ model, text: 'x' }),
    });
    expect(reply.status).toBe(200);
    expect(asked.map(({ url, body }) => [new URL(url).hostname, JSON.parse(body)])).toEqual([
      [server, { model: known, text: 'x' }],
    ]);
  });

  test('to an assistant, and what it keeps, is its keeper’s alone', async () => {
    const { app, asked } = setUp({ near: says('hi'), far: says('hi') });
    const assistant = { method: 'POST', body: JSON.stringify({ model: 'remote', messages: [] }) };
    expect((await app.request('/v1/tasks/assistant', assistant)).status).toBe(400);
    await app.request('/v1/tasks/todos/todo_1', { method: 'DELETE' });
    expect(asked.map(({ url }) => url)).toEqual(['http://near:1/v1/tasks/todos/todo_1']);
  });

  test('goes to its backend, under the name the model has there, everything else as it came', async () => {
    const { chat, asked } = setUp({ near: says('hi') });
    const reply = await chat({ tools: [1], temperature: 0.25 });
    expect(await reply.json()).toEqual({ text: 'hi' });
    expect(reply.headers.get('x-cria-backend')).toBe('near');
    expect(asked[0]!.url).toBe('http://near:1/v1/chat/completions');
    expect(JSON.parse(asked[0]!.body)).toEqual({ model: MODEL, messages: [], tools: [1], temperature: 0.25 });
  });

  test('brings the backend’s own key, and never the client’s', async () => {
    const { chat, asked } = setUp({ near: says('hi'), far: says('hi') });
    const headers = { authorization: 'Bearer sk-client' };
    await chat({}, { headers });
    await chat({ model: 'remote' }, { headers });
    expect(asked.map((one) => one.headers.get('authorization'))).toEqual([null, 'Bearer sk-far']);
    expect(asked[1]!.url).toBe('https://far/api/v1/chat/completions');
  });

  test('is refused by name where nobody serves the model', async () => {
    const reply = await setUp({}).chat({ model: 'gpt-9' });
    expect(reply.status).toBe(404);
    expect(await reply.text()).toContain("model 'gpt-9' is not served here; there is llama, remote");
  });

  test.each([
    { what: 'too long', body: `"${'x'.repeat(10_000)}"`, status: 413 },
    { what: 'no JSON', body: '{', status: 400 },
    { what: 'no object', body: '7', status: 400 },
    { what: 'without a model', body: '{"model": 7}', status: 400 },
  ])('is refused before anyone is asked when its body is $what', async ({ body, status }) => {
    const { chat, asked } = setUp({});
    expect((await chat({}, { body })).status).toBe(status);
    expect(asked).toEqual([]);
  });
});

describe('a stream', () => {
  const events = (pull: (n: number) => string | Error): Server => {
    return () => {
      let n = 0;
      const body = new ReadableStream({
        pull(controller) {
          const next = pull(n++);
          if (next instanceof Error) controller.error(next);
          else if (next === '') controller.close();
          else controller.enqueue(new TextEncoder().encode(next));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
  };

  test('passes as it comes', async () => {
    const near = events((n) => ['data: 1\n\n', 'data: [DONE]\n\n', ''][n]!);
    expect(await (await setUp({ near }).chat()).text()).toBe('data: 1\n\ndata: [DONE]\n\n');
  });

  test('that breaks says so, and is not begun again elsewhere', async () => {
    const near = events((n) => (n === 0 ? 'data: 1\n\n' : new Error('reset')));
    const { chat, asked } = setUp({ near, far: says('far') });
    const text = await (await chat()).text();
    expect(text).toMatch(/^data: 1\n\ndata: {"error":{"message":"near did not answer".+"code":"upstream"/);
    expect(asked).toHaveLength(1);
  });

  test('that the client leaves is left by the gateway', async () => {
    let left = false;
    const body = new ReadableStream({
      cancel() {
        left = true;
      },
    });
    const near: Server = () => new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    await (await setUp({ near }).chat()).body!.cancel();
    expect(left).toBe(true);
  });
});

describe('keys', () => {
  const access = createAccess({ keys: createFixedKeys('sk-one, sk-two'), now: () => 0 });
  test.each([
    { authorization: undefined, status: 401 },
    { authorization: 'Bearer sk-three', status: 401 },
    { authorization: 'Basic sk-one', status: 401 },
    { authorization: 'Bearer sk-two', status: 200 },
    { authorization: 'bearer sk-one', status: 200 },
  ])('$authorization gets $status', async ({ authorization, status }) => {
    const { chat, asked } = setUp({ near: says('hi') }, { access });
    const reply = await chat({}, { headers: authorization === undefined ? {} : { authorization } });
    expect(reply.status).toBe(status);
    expect(asked).toHaveLength(status === 200 ? 1 : 0);
    if (status === 401) expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('health needs none, the rest does, and metrics unless they are open', async () => {
    const { app } = setUp({}, { access });
    const statusOf = async (path: string) => (await app.request(path)).status;
    expect(await statusOf('/v1/health')).toBe(200);
    expect(await statusOf('/v1/health/live')).toBe(200);
    expect(await statusOf('/v1/health/ready')).toBe(200);
    for (const path of ['/metrics', '/v1/models', '/v1/files', '/', '/openapi.json'])
      expect(await statusOf(path), path).toBe(401);
    const open = setUp({}, { access, openMetrics: true });
    expect((await open.app.request('/metrics')).status).toBe(200);
  });

  test('one for some models sees and asks for those alone', async () => {
    const sha256 = createHash('sha256').update('sk-some').digest('hex');
    const some = createAccess({
      keys: async () => [{ id: 'some', sha256, models: ['remote'] }],
      now: () => 0,
    });
    const { app, chat, asked } = setUp({ far: says('hi') }, { access: some });
    const headers = { authorization: 'Bearer sk-some' };
    const list = (await (await app.request('/v1/models', { headers })).json()) as { data: { id: string }[] };
    expect(list.data.map(({ id }) => id)).toEqual(['remote']);
    expect((await app.request('/v1/models/llama', { headers })).status).toBe(404);
    for (const model of ['llama', 'gpt-9']) {
      const reply = await chat({ model }, { headers });
      expect(reply.status).toBe(403);
      expect(await reply.text()).not.toMatch(/served here/);
    }
    for (const path of ['/v1/batches', '/v1/tasks/assistant', '/v1/files'])
      expect((await app.request(path, { method: 'POST', headers, body: '{}' })).status, path).toBe(403);
    expect(asked).toEqual([]);
    expect((await chat({ model: 'remote' }, { headers })).status).toBe(200);
  });
});

test('versions share by weight, and a user stays with one', async () => {
  const split = Routes.parse({
    ...routes,
    routes: [
      {
        ...routes.routes[0]!,
        to: [
          { backend: 'near', weight: 50 },
          { backend: 'far', weight: 50 },
        ],
        overflow: [],
      },
    ],
  });
  let n = 0;
  const { chat } = setUp({ near: says(''), far: says('') }, { routes: split, random: () => (n++ % 10) / 10 });
  const who = async (fields: object) => (await chat(fields)).headers.get('x-cria-backend');
  const shares = await Promise.all(Array.from({ length: 100 }, () => who({})));
  expect(shares.filter((name) => name === 'near')).toHaveLength(50);
  const users = new Map<string, Set<string | null>>();
  for (const user of ['a', 'b', 'c', 'd', 'e', 'f'])
    for (let i = 0; i < 4; i++) users.set(user, (users.get(user) ?? new Set()).add(await who({ user })));
  expect([...users.values()].every((set) => set.size === 1)).toBe(true);
  expect(new Set([...users.values()].map((set) => [...set][0])).size).toBe(2);
});

test('what is to be judged goes to who judges, as it came; the rest of its routes too', async () => {
  const judged = Routes.parse({ ...routes, judge: 'far' });
  const { app, asked } = setUp({ near: says('near'), far: says('far') }, { routes: judged });
  const body = JSON.stringify({ input: 'a text', model: 'omni-moderation-latest' });
  const reply = await app.request('/v1/moderations', { method: 'POST', body });
  expect(reply.headers.get('x-cria-backend')).toBe('far');
  expect(asked[0]).toMatchObject({ url: 'https://far/api/v1/moderations', body });
  for (const path of ['/v1/safety/run-shield', '/v1/shields', '/v1/shields/one'])
    expect((await app.request(path)).headers.get('x-cria-backend'), path).toBe('far');
  expect((await app.request('/v1/files')).headers.get('x-cria-backend')).toBe('near');
});

describe('before the real app', () => {
  const real = () => {
    const { app: near } = testApp({ steps: ['Hello', ' there'] });
    const { app } = setUp({ near: (request) => near.fetch(request) });
    const client = new OpenAI({
      baseURL: 'http://gateway/v1',
      apiKey: 'none',
      maxRetries: 0,
      fetch: async (url, init) => app.fetch(new Request(url as string, init)),
    });
    return { app, client };
  };

  test('OpenAI’s client chats, whole and streamed, and lists the models by the names of the routes', async () => {
    const { client } = real();
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const whole = await client.chat.completions.create({ model: 'llama', messages });
    let text = '';
    for await (const chunk of await client.chat.completions.create({
      model: 'llama',
      messages,
      stream: true,
    }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(whole.choices[0]!.message.content);
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['llama', 'remote']);
    expect((await client.models.retrieve('llama')).id).toBe('llama');
  });

  test('what is stored is kept by one of them: a response is found again, a file comes back byte for byte', async () => {
    const { client } = real();
    const { id } = await client.responses.create({ model: 'llama', input: 'hi' });
    expect((await client.responses.retrieve(id)).id).toBe(id);
    await expect(client.responses.create({ model: 'remote', input: 'hi' })).rejects.toThrow(
      "what /v1/responses keeps is kept by near, which does not serve 'remote'",
    );

    const bytes = new Uint8Array([0, 255, 10, 13, 128]);
    const file = await client.files.create({ file: new File([bytes], 'a.bin'), purpose: 'user_data' });
    const content = await (await client.files.content(file.id)).arrayBuffer();
    expect(new Uint8Array(content)).toEqual(bytes);
    expect((await client.files.delete(file.id)).deleted).toBe(true);
  });

  test('everything else is its keeper’s to answer', async () => {
    const { app } = real();
    expect(await (await app.request('/v1/version')).json()).toEqual({ version: '0.1.0' });
    expect(await (await app.request('/openapi.json')).json()).toMatchObject({ openapi: expect.any(String) });
    expect((await app.request('/nothing')).status).toBe(404);
  });
});
