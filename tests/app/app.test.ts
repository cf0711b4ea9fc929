import { describe, expect, test } from 'vitest';
import { createAccess } from '../../app/access/access.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { events, testApp } from '../support/test-app.ts';
import { bearer, testKey } from '../support/test-keys.ts';

test("GET /v1/version is package.json's", async () => {
  const reply = await testApp().app.request('/v1/version');
  expect(await reply.json()).toEqual({ version: packageJson.version });
});

test('a request id is on every reply, the client’s own when it has one', async () => {
  const { app, chat } = testApp({ steps: ['x'] });
  expect((await chat()).headers.get('x-request-id')).toBe('id-1');
  expect((await chat({ stream: true })).headers.get('x-request-id')).toBe('id-3');
  expect((await chat({ n: 0 })).headers.get('x-request-id')).toBe('id-5');
  expect((await app.request('/nothing')).headers.get('x-request-id')).toBe('id-6');
  expect((await chat({}, { headers: { 'x-request-id': 'mine' } })).headers.get('x-request-id')).toBe('mine');
});

describe('pages', () => {
  const access = createAccess({ keys: async () => [testKey('alice')], now: () => 0 });
  const preflight = {
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-os',
    },
  };

  test('of anywhere may ask with a key: replies, refusals, streams and preflights carry the header', async () => {
    const { app, chat } = testApp({}, { access });
    const headers = { ...bearer('alice'), origin: 'https://a.example' };
    const before = await app.request('/v1/chat/completions', {
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://a.example' },
    });
    expect(before.status).toBe(204);
    expect(before.headers.get('access-control-allow-headers')).toBe(
      'authorization,content-type,x-stainless-os',
    );
    expect(before.headers.get('access-control-allow-methods')).toContain('POST');
    const replies = [before, await chat({}, { headers }), await chat({ n: 0 }, { headers })];
    for (const reply of [...replies, await chat({ stream: true }, { headers })])
      expect(reply.headers.get('access-control-allow-origin')).toBe('*');
  });

  test.each([
    'http://localhost:3000',
    'http://127.0.0.1:8787',
    'http://[::1]:8787',
    'http://box.example:8787',
  ])('of the machine, or the server’s own, may ask a server without keys: %s', async (origin) => {
    const { app } = testApp();
    const reply = await app.request('http://box.example:8787/v1/models', { headers: { origin } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('access-control-allow-origin')).toBe(origin);
  });

  test.each(['https://a.example', 'null', 'http://localhost.a.example', 'http://127.0.0.1.a.example'])(
    'of elsewhere may not: %s, whether it asks before or not',
    async (origin) => {
      const { app, chat, engine } = testApp();
      const before = await app.request('/v1/chat/completions', {
        ...preflight,
        headers: { ...preflight.headers, origin },
      });
      expect(before.headers.get('access-control-allow-origin')).toBeNull();
      const reply = await chat({}, { headers: { origin, 'content-type': 'text/plain' } });
      expect(reply.status).toBe(403);
      expect(reply.headers.get('access-control-allow-origin')).toBeNull();
      expect(await reply.json()).toMatchObject({ error: { code: 'origin_not_allowed' } });
      expect(engine.requests).toEqual([]);
    },
  );
});

test('each request leaves a line, each completion another, and neither holds text or keys', async () => {
  const { chat, logs, clock, app } = testApp({
    steps: ['SECRET reply'],
    usage: { promptTokens: 9, cachedTokens: 0, completionTokens: 4 },
  });
  const secrets = { messages: [{ role: 'user', content: 'SECRET prompt' }], user: 'SECRET user' };
  const headers = { authorization: 'Bearer SECRET' };

  const reply = await chat({ ...secrets, stream: true }, { headers });
  clock.ms += 250;
  await events(reply);
  await chat({ ...secrets, n: 0 }, { headers });
  await app.request('/v1/models/a?key=SECRET', { headers });

  expect(logs).toEqual([
    { event: 'request', requestId: 'id-1', method: 'POST', path: '/v1/chat/completions', status: 200, ms: 0 },
    {
      event: 'completion',
      requestId: 'id-1',
      model: 'meta-llama/Llama-3.2-1B-Instruct',
      outcome: 'stop',
      promptTokens: 9,
      completionTokens: 4,
      firstTextMs: 250,
      totalMs: 250,
    },
    { event: 'request', requestId: 'id-3', method: 'POST', path: '/v1/chat/completions', status: 400, ms: 0 },
    { event: 'request', requestId: 'id-4', method: 'GET', path: '/v1/models/a', status: 404, ms: 0 },
  ]);
  expect(JSON.stringify(logs)).not.toContain('SECRET');
});
