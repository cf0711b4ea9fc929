/** Servers that are busy, cold, silent or gone: who stands in for them, and when they are asked again. */
import { describe, expect, test } from 'vitest';
import { Routes } from '../../../app/gateway/schema.ts';
import { endlessBody } from '../../support/endless-body.ts';
import { onlyNear, refuses, routes, type Server, says, setUp } from '../../support/gateway-setup.ts';
import { MODEL } from '../../support/test-app.ts';

describe('overflow', () => {
  test.each([
    { what: 'cannot be reached', near: refuses },
    { what: 'is busy', near: says('later', 429, { 'retry-after': '7' }) },
    { what: 'fails', near: says('oh', 500) },
    { what: 'has no memory', near: says('oh', 503) },
  ])('answers when the backend $what', async ({ near }) => {
    const reply = await setUp({ near, far: says('from afar') }).chat();
    expect(reply.headers.get('x-cria-backend')).toBe('far');
    expect(await reply.json()).toEqual({ text: 'from afar' });
  });

  test('does not answer what is the client’s own fault', async () => {
    const { chat, asked } = setUp({ near: says('messages: missing', 400) });
    expect((await chat()).status).toBe(400);
    expect(asked).toHaveLength(1);
  });

  test('is not asked in vain for as long as it said it is busy', async () => {
    const { chat, asked, clock } = setUp({
      near: says('later', 429, { 'retry-after': '7' }),
      far: says('hi'),
    });
    await chat();
    await chat();
    expect(asked.map(({ url }) => new URL(url).host)).toEqual(['near:1', 'far', 'far']);
    clock.ms += 7_001;
    await chat();
    expect(new URL(asked[3]!.url).host).toBe('near:1');
  });

  test('when all are busy the client hears when to come again', async () => {
    const busy = says('later', 429, { 'retry-after': '7' });
    const reply = await setUp({ near: busy, far: busy }).chat();
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBe('7');
  });

  test('stands in while a model loads, which is woken meanwhile', async () => {
    let state = 'loading';
    const near: Server = ({ url, method }) => {
      if (method === 'POST') state = 'ready';
      return url.endsWith('/health') ? Response.json({ state }) : Response.json({ text: 'near' });
    };
    const { chat, probe, asked } = setUp({ near, far: says('far') });
    await probe();
    expect((await chat()).headers.get('x-cria-backend')).toBe('far');
    expect(JSON.parse(asked.at(-1)!.body)).toMatchObject({ model: MODEL, max_tokens: 1 });
    await probe();
    expect((await chat()).headers.get('x-cria-backend')).toBe('near');
  });
});

test.each([
  { state: 'loading', condition: 'cold', asked: 'far' },
  { state: 'draining', condition: 'down', asked: 'far' },
  { state: 'failed', condition: 'down', asked: 'far' },
  { state: 'ready', condition: 'ready', asked: 'near' },
])('a backend that says it is $state is $condition', async ({ state, condition, asked }) => {
  const near: Server = ({ url }) =>
    url.endsWith('/health')
      ? Response.json({ state }, { status: state === 'ready' ? 200 : 503 })
      : Response.json({ text: 'near' });
  const { app, chat, probe } = setUp({ near, far: says('far') });
  await probe();
  expect(await (await app.request('/v1/health')).json()).toMatchObject({
    status: 'OK',
    state: 'ready',
    backends: { near: condition, far: 'ready' },
  });
  expect((await chat()).headers.get('x-cria-backend')).toBe(asked);
});

test('when all are down it is not ready, and works all the same', async () => {
  const { app, probe, clock } = setUp({ near: refuses, far: refuses }, { routes: onlyNear });
  await probe();
  clock.ms += 1;
  const statusOf = async (path: string) => (await app.request(path)).status;
  expect(await statusOf('/v1/health')).toBe(503);
  expect(await statusOf('/v1/health/ready')).toBe(503);
  expect(await statusOf('/v1/health/live')).toBe(200);
});

test('a backend that keeps failing is left alone, and asked again once it may have recovered', async () => {
  const { chat, asked, clock, servers } = setUp({ near: refuses, far: says('far') });
  for (let i = 0; i < 5; i++) await chat();
  expect(asked.filter(({ url }) => url.includes('near'))).toHaveLength(3);

  servers.near = says('back');
  clock.ms += 2_001;
  expect((await chat()).headers.get('x-cria-backend')).toBe('near');
});

test('one whose health cannot be had is not asked, and is as soon as it can', async () => {
  const { chat, probe, asked, servers } = setUp({ near: refuses, far: says('far') });
  await probe();
  await chat();
  expect(
    asked.filter(({ url }) => url.endsWith('/chat/completions')).map(({ url }) => new URL(url).host),
  ).toEqual(['far']);
  servers.near = says('back');
  await probe();
  expect((await chat()).headers.get('x-cria-backend')).toBe('near');
});

test('good health does not hide that requests fail', async () => {
  const near: Server = ({ url }) => Response.json({}, { status: url.endsWith('/health') ? 200 : 500 });
  const { chat, probe, asked } = setUp({ near, far: says('far') });
  for (let i = 0; i < 6; i++) {
    await probe();
    await chat();
  }
  expect(asked.filter(({ url }) => url.startsWith('http://near:1/v1/chat'))).toHaveLength(3);
});

test('with nobody left the client gets 503, when to try again, and no riddle', async () => {
  const { chat } = setUp({ near: refuses, far: refuses });
  expect((await chat()).status).toBe(502);
  for (let i = 0; i < 3; i++) await chat();
  const reply = await chat();
  expect(reply.status).toBe(503);
  expect(reply.headers.get('retry-after')).toBe('5');
  expect(await reply.json()).toMatchObject({ error: { code: 'no_backend' } });
});

test('a backend that says nothing in time is given up', async () => {
  const silent: Server = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { chat } = setUp({ near: silent, far: silent }, { timeoutMs: 20 });
  const reply = await chat();
  expect(reply.status).toBe(504);
  expect(await reply.text()).toContain('far did not answer within 0.02 s');
});

test('while one request finds out whether it has recovered, the others go elsewhere', async () => {
  const { chat, asked, clock, servers } = setUp({ near: refuses, far: says('far') });
  for (let i = 0; i < 3; i++) await chat();
  asked.length = 0;
  const back = Promise.withResolvers<Response>();
  servers.near = () => back.promise;
  clock.ms += 2_001;
  const trial = chat();
  for (let i = 0; i < 3; i++) expect((await chat()).headers.get('x-cria-backend')).toBe('far');
  expect(asked.filter(({ url }) => url.includes('near'))).toHaveLength(1);
  servers.near = says('near');
  back.resolve(Response.json({ text: 'near' }));
  expect((await trial).headers.get('x-cria-backend')).toBe('near');
  expect((await chat()).headers.get('x-cria-backend')).toBe('near');
});

test('three are asked at most: what breaks them does not break all', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const many = Routes.parse({
    backends: names.map((name) => ({ name, url: `http://${name}/v1`, model: 'm' })),
    routes: [{ ...routes.routes[0]!, to: [{ backend: 'a', weight: 1 }], overflow: names.slice(1) }],
  });
  const { chat, asked } = setUp({ near: says('oh', 500) }, { routes: many });
  expect((await chat()).status).toBe(500);
  expect(asked.map(({ url }) => new URL(url).host)).toEqual(['a', 'b', 'c']);
});

test('nobody else is asked for a client who has left', async () => {
  const leaving = new AbortController();
  const near: Server = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      leaving.abort();
    });
  const { chat, asked } = setUp({ near, far: says('far') });
  await chat({}, { signal: leaving.signal });
  expect(asked).toHaveLength(1);
});

describe('what is kept is asked for once, for it may have been done', () => {
  const post = { method: 'POST', body: JSON.stringify({ model: 'llama', input: 'hi' }) };
  test.each([
    { what: 'breaks off', near: refuses, status: 502 },
    { what: 'fails', near: says('oh', 500), status: 500 },
    { what: 'is busy', near: says('later', 429), status: 429 },
  ])('when its keeper $what', async ({ near, status }) => {
    const both = Routes.parse({ ...routes, routes: [{ ...routes.routes[0]!, overflow: ['far'] }] });
    const { app, asked } = setUp({ near, far: says('far') }, { routes: both });
    expect((await app.request('/v1/responses', post)).status).toBe(status);
    expect(asked).toHaveLength(1);
  });

  test('and when its keeper says nothing in time, the client hears it', async () => {
    const silent: Server = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const { app } = setUp({ near: silent }, { timeoutMs: 20 });
    const reply = await app.request('/v1/responses', post);
    expect(reply.status).toBe(504);
    expect(await reply.text()).toContain('near did not answer within 0.02 s');
  });
});

describe('an answer that is for nobody', () => {
  const elsewhere = says('moved', 307, { location: 'http://169.254.169.254/' });
  const locked = says('the key sk-ga… is wrong', 401, { 'www-authenticate': 'Bearer' });
  test.each([
    { what: 'that leads elsewhere', near: elsewhere },
    { what: 'that wants another key of the gateway', near: locked },
  ])('$what is a failure: another is asked, and the client hears nothing of it', async ({ near }) => {
    const { app, chat, asked } = setUp({ near, far: says('far') });
    expect((await chat()).headers.get('x-cria-backend')).toBe('far');
    expect(asked.map(({ url }) => new URL(url).host)).toEqual(['near:1', 'far']);
    for (const path of ['/v1/files', '/nothing']) {
      const reply = await app.request(path);
      expect(reply.status).toBe(502);
      expect(await reply.text()).not.toMatch(/moved|sk-/);
    }
  });

  test('is not followed', async () => {
    const redirects: string[] = [];
    const near: Server = ({ redirect }) => {
      redirects.push(redirect);
      return Response.json({ text: 'near' });
    };
    const { chat, probe } = setUp({ near, far: says('far') });
    await chat();
    await probe();
    expect(redirects).toEqual(['manual', 'manual']);
  });

  test('of one whose health never ends: it is down, and is read no further', async () => {
    const endless = endlessBody();
    const { app, probe } = setUp({ near: () => new Response(endless.stream) });
    await probe();
    expect(await (await app.request('/v1/health')).json()).toMatchObject({ backends: { near: 'down' } });
    expect(endless.sent()).toBeLessThan(80_000);
  });
});
