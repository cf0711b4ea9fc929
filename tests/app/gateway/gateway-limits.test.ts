import { describe, expect, test } from 'vitest';
import type { AccessKey } from '../../../app/access/access-key.ts';
import { createLimiter } from '../../../app/access/limiter.ts';
import { checkAsked } from '../../../app/gateway/check-asked.ts';
import { checkGatewayKeys } from '../../../app/gateway/check-keys.ts';
import { countTokens, tokensOf } from '../../../app/gateway/count-tokens.ts';
import { createGateway } from '../../../app/gateway/gateway.ts';
import { Routes } from '../../../app/gateway/schema.ts';
import { bearer, testAccess, testKey } from '../../support/test-keys.ts';

const ROUTES = Routes.parse({
  backends: [{ name: 'near', url: 'http://near:1/v1', model: 'm' }],
  routes: [
    {
      model: 'llama',
      to: [{ backend: 'near', weight: 1 }],
      overflow: [],
      contextLength: 100,
      licence: 'MIT',
    },
  ],
  keeper: 'near',
});

function setUp(keys: readonly AccessKey[], answer: () => Response) {
  let leases = 0;
  const { app } = createGateway({
    routes: ROUTES,
    access: testAccess(keys).access,
    limiter: createLimiter({ now: () => 0, newId: () => String(++leases) }),
    fetch: async () => answer(),
    nowMs: () => 0,
    secret: () => undefined,
    newId: () => 'id',
    random: () => 0,
    pause: () => new Promise(() => {}),
    images: { hosts: [] },
    startMs: 1_000,
    log: () => {},
    maxBodyBytes: 10_000,
    bounds: { messages: 4, images: 1 },
    timeoutMs: 1_000,
  });
  const ask = (id: string, fields: object = {}, path = '/v1/chat/completions') =>
    app.request(path, {
      method: 'POST',
      headers: bearer(id),
      body: JSON.stringify({ model: 'llama', messages: [], ...fields }),
    });
  return { app, ask };
}

const remaining = (reply: Response) => Number(reply.headers.get('x-ratelimit-remaining-tokens'));

describe('behind the gateway', () => {
  test('requests are counted', async () => {
    const { ask } = setUp([testKey('a', { limits: { requestsPerMinute: 2 } })], () => Response.json({}));
    expect((await ask('a')).status).toBe(200);
    expect((await ask('a')).headers.get('x-ratelimit-remaining-requests')).toBe('0');
    const refused = await ask('a');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('30');
  });

  test('tokens are reserved, then what the answer says was used', async () => {
    const said = { usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 } };
    const { ask } = setUp([testKey('a', { limits: { tokensPerMinute: 1_000 } })], () => Response.json(said));
    const first = await ask('a', { max_tokens: 500 });
    expect(remaining(first)).toBeLessThanOrEqual(500);
    await first.text();
    const second = await ask('a', { max_tokens: 500 });
    expect(remaining(second)).toBe(remaining(first) - 30);
    expect((await ask('a', { max_tokens: 1_001 })).status).toBe(429);
  });

  test('a stream holds its place until it is read', async () => {
    const events = () =>
      new Response('data: {}\n\ndata: [DONE]\n\n', { headers: { 'content-type': 'text/event-stream' } });
    const { ask } = setUp([testKey('a', { limits: { concurrency: 1 } })], events);
    const stream = await ask('a', { stream: true });
    expect((await ask('a')).status).toBe(429);
    await stream.text();
    expect((await ask('a')).status).toBe(200);
  });

  test('too many messages or images are refused by field and limit', async () => {
    const { ask } = setUp([testKey('a')], () => Response.json({}));
    const reply = await ask('a', { messages: [1, 2, 3, 4, 5] });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      error: { param: 'messages', message: 'messages: 5 messages, and this server takes 4 at most' },
    });
  });
});

test('images are counted over the whole conversation, of chats and of responses', () => {
  const turn = (...parts: readonly object[]) => ({ role: 'user', content: parts });
  const image = { type: 'image_url', image_url: { url: 'data:' } };
  const bounds = { messages: 9, images: 2 };
  expect(() => checkAsked({ messages: [turn(image), turn({ type: 'text' }, image)] }, bounds)).not.toThrow();
  for (const field of ['messages', 'input'])
    expect(() => checkAsked({ [field]: [turn(image, image), turn({ image_url: 'x' })] }, bounds)).toThrow(
      `${field}: 3 images, and this server takes 2 at most`,
    );
  for (const odd of [{ messages: 7 }, { messages: [null, 7, { content: 'x' }, turn()] }, {}])
    expect(() => checkAsked(odd, bounds)).not.toThrow();
});

describe('countTokens()', () => {
  const count = async (
    response: Response,
    read: (counted: Response) => Promise<unknown> = (one) => one.text(),
  ) => {
    const used: number[] = [];
    await read(countTokens(response, 7, async (tokens) => void used.push(tokens)));
    return used;
  };
  const stream = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
  const events = (n: number) => 'data: {"x":1}\n\n'.repeat(n);

  test.each([
    { what: 'a reply that says it', response: () => Response.json({ usage: { total_tokens: 42 } }), is: 42 },
    {
      what: 'a stream that says it',
      response: () => stream(`${events(5)}data: {"usage":{"total_tokens": 42}}\n\ndata: [DONE]\n\n`),
      is: 42,
    },
    { what: 'a stream that does not: its events, and the prompt', response: () => stream(events(5)), is: 12 },
    { what: 'a refusal: nothing', response: () => Response.json({}, { status: 400 }), is: 0 },
  ])('$what', async ({ response, is }) => {
    expect(await count(response())).toEqual([is]);
  });

  test('a stream that is left: what came', async () => {
    const left = await count(stream(events(3)), async (response) => {
      const reader = response.body!.getReader();
      await reader.read();
      await reader.cancel();
    });
    expect(left).toEqual([10]);
  });
});

test.each([
  { asked: { messages: [], max_tokens: 9 }, reply: 9 },
  { asked: { messages: [], max_completion_tokens: 9 }, reply: 9 },
  { asked: { input: 'x', max_output_tokens: 9 }, reply: 9 },
  { asked: { messages: [] }, reply: 1024 },
  { asked: { messages: [], max_tokens: 'many' }, reply: 1024 },
  { asked: { messages: [], max_tokens: -5 }, reply: 1024 },
])('$asked may take $reply for its reply', ({ asked, reply }) => {
  expect(tokensOf(asked).reply).toBe(reply);
});

test('a gateway takes no key whose rules for a guard it would not follow', () => {
  expect(() => checkGatewayKeys([testKey('a'), testKey('b', { limits: { concurrency: 1 } })])).not.toThrow();
  expect(() => checkGatewayKeys([testKey('a'), testKey('b', { guard: { judge: 'both' } })])).toThrow(
    "the key 'b' has rules",
  );
});
