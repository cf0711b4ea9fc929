/** Backends that the platform stops when nobody asks them: started on demand, waited for by those who can wait. */
import { describe, expect, test } from 'vitest';
import { createGateway } from '../../../app/gateway/gateway.ts';
import { Routes } from '../../../app/gateway/schema.ts';
import { endlessBody } from '../../support/endless-body.ts';

const backend = (name: string) => ({
  name,
  url: `http://${name}:1/v1`,
  model: `model-of-${name}`,
  health: '/v1/health',
});
const route = (overflow: string[]) => ({
  model: 'llama',
  to: [{ backend: 'gpu', weight: 1 }],
  overflow,
  contextLength: 100,
  licence: 'MIT',
});

interface World {
  readonly overflow?: string[];
  /** What starting it does, besides being counted. */
  readonly onStart?: (world: { isUp: boolean }) => void | Promise<void>;
  readonly answer?: (request: Request) => Response | Promise<Response>;
  readonly keeper?: string;
}

/** A gateway before `gpu`, which sleeps, and `near`, which does not. Time passes only while somebody waits. */
async function setUp({ overflow = [], onStart = () => {}, answer = () => sse('hi'), keeper }: World = {}) {
  const state = { isUp: false };
  const clock = { ms: 1_000_000 };
  const asked: string[] = [];
  const starts: number[] = [];
  const { app, probe } = createGateway({
    routes: Routes.parse({ backends: [backend('gpu'), backend('near')], routes: [route(overflow)], keeper }),
    fetch: async (url, init) => {
      const request = new Request(url, init);
      const { host, pathname } = new URL(request.url);
      if (host === 'gpu:1' && !state.isUp) return new Response('<html>no target</html>', { status: 503 }); // a balancer
      if (pathname === '/v1/health') return Response.json({ state: 'ready' });
      asked.push(host);
      return answer(request);
    },
    nowMs: () => clock.ms,
    secret: () => undefined,
    starters: new Map([
      [
        'gpu',
        async () => {
          starts.push(clock.ms);
          await onStart(state);
        },
      ],
    ]),
    pause: async (ms, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      clock.ms += ms;
    },
    images: { hosts: [] },
    startMs: 300_000,
    newId: () => 'id',
    random: () => 0,
    log: () => {},
    maxBodyBytes: 10_000,
    timeoutMs: 60_000,
  });
  await probe();
  const chat = (fields: object = {}, env: object = {}) =>
    app.request(
      '/v1/chat/completions',
      { method: 'POST', body: JSON.stringify({ model: 'llama', messages: [], ...fields }) },
      env,
    );
  return { app, probe, chat, state, clock, asked, starts };
}

const sse = (text: string) =>
  new Response(`data: ${JSON.stringify(text)}\n\ndata: [DONE]\n\n`, {
    headers: { 'content-type': 'text/event-stream' },
  });
const later =
  (times: number) =>
  (state: { isUp: boolean }): void => {
    if (--times <= 0) state.isUp = true;
  };

describe('a request that cannot wait', () => {
  test('is told when to come again, and starts the backend', async () => {
    const { chat, starts, asked } = await setUp();
    const reply = await chat();
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('30');
    expect(await reply.json()).toMatchObject({ error: { code: 'model_starting', type: 'server_error' } });
    expect(starts).toHaveLength(1);
    expect(asked).toEqual([]);
  });

  test('is answered by the overflow, while the backend starts for the next', async () => {
    const { chat, starts } = await setUp({ overflow: ['near'] });
    expect((await chat()).headers.get('x-cria-backend')).toBe('near');
    expect(starts).toHaveLength(1);
  });

  test('is answered once the backend is there', async () => {
    const { chat, probe, asked } = await setUp({ onStart: later(1) });
    expect((await chat()).status).toBe(503);
    await probe();
    expect((await chat()).status).toBe(200);
    expect(asked).toEqual(['gpu:1']);
  });

  test('to the keeper starts it, too', async () => {
    const { app, starts } = await setUp({ keeper: 'gpu' });
    expect((await app.request('/v1/files')).status).toBe(503);
    expect(starts).toHaveLength(1);
  });
});

test('many requests at once start it once; those that keep coming, every 15 s', async () => {
  const started = Promise.withResolvers<void>();
  const { chat, starts, clock } = await setUp({ onStart: () => started.promise });
  const replies = Array.from({ length: 8 }, () => chat());
  started.resolve();
  expect((await Promise.all(replies)).map(({ status }) => status)).toEqual(Array(8).fill(503));
  expect(starts).toHaveLength(1);
  clock.ms += 14_000;
  await chat();
  expect(starts).toHaveLength(1);
  clock.ms += 1_001;
  await chat();
  expect(starts).toHaveLength(2);
});

test('that it cannot be started is the operator’s trouble: the client hears the same', async () => {
  const { chat } = await setUp({ onStart: () => Promise.reject(new Error('AccessDenied')) });
  expect((await chat()).status).toBe(503);
});

test('the gateway is well while all that serve sleep, and says who does', async () => {
  const { app } = await setUp();
  const reply = await app.request('/v1/health');
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ status: 'OK', backends: { gpu: 'asleep', near: 'ready' } });
  expect(await (await app.request('/metrics')).text()).toContain('{backend="gpu",condition="asleep"} 1');
});

describe('a stream', () => {
  test('waits: comments while the backend starts, then its events as they are', async () => {
    const { chat, starts, clock } = await setUp({ onStart: later(4) });
    const reply = await chat({ stream: true });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const text = await reply.text();
    expect(text).toMatch(/^(: .+\n\n)+data: "hi"\n\ndata: \[DONE\]\n\n$/);
    expect(starts.length).toBe(4);
    expect(clock.ms - 1_000_000).toBeLessThan(300_000);
  });

  test('is answered as ever when the backend is ready', async () => {
    const { chat, state, probe } = await setUp();
    state.isUp = true;
    await probe();
    const reply = await chat({ stream: true });
    expect(reply.headers.get('x-cria-backend')).toBe('gpu');
    expect(await reply.text()).toBe('data: "hi"\n\ndata: [DONE]\n\n');
  });

  test('of a model that does not come says so in an event, in time', async () => {
    const { chat, clock } = await setUp();
    const text = await (await chat({ stream: true })).text();
    const last = text.split('\n\n').at(-2)!;
    expect(JSON.parse(last.slice('data: '.length)).error.code).toBe('model_starting');
    expect(text).not.toContain('[DONE]');
    expect(clock.ms).toBeLessThan(1_000_000 + 300_000 + 20_000);
  });

  test('gives up before the platform would cut it off', async () => {
    const { chat, clock } = await setUp();
    await (await chat({ stream: true }, { deadlineMs: 1_000_000 + 40_000 })).text();
    expect(clock.ms).toBeLessThan(1_000_000 + 60_000);
  });

  test('that was held tells a refusal as an event', async () => {
    const refusal = { error: { message: 'messages: missing', code: 'invalid_value' } };
    const answer = () => Response.json(refusal, { status: 400 });
    const { chat } = await setUp({ onStart: later(4), answer });
    const events = (await (await chat({ stream: true })).text()).split('\n\n').filter((one) => one !== '');
    expect(events.at(-1)).toBe(`data: ${JSON.stringify(refusal)}`);
  });

  test('that was held is not told a refusal without end', async () => {
    const endless = endlessBody();
    const { chat } = await setUp({
      onStart: later(4),
      answer: () => new Response(endless.stream, { status: 400 }),
    });
    const events = (await (await chat({ stream: true })).text()).split('\n\n').filter((one) => one !== '');
    expect(JSON.parse(events.at(-1)!.slice('data: '.length)).error.code).toBe('upstream');
    expect(endless.sent()).toBeLessThan(80_000);
  });

  test('whose reader leaves is no longer waited for', async () => {
    const { chat, starts, clock } = await setUp();
    const reader = (await chat({ stream: true })).body!.getReader();
    await reader.read();
    await reader.cancel();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    const [ms, count] = [clock.ms, starts.length];
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([clock.ms, starts.length]).toEqual([ms, count]);
  });

  test('of which the backend is silent for long gets comments until it speaks', async () => {
    const speaks = Promise.withResolvers<Response>();
    const { chat, state, probe } = await setUp({ answer: () => speaks.promise });
    state.isUp = true;
    await probe();
    const reader = (await chat({ stream: true })).body!.getReader();
    const read = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await read()).toMatch(/^: /);
    expect(await read()).toMatch(/^: /);
    speaks.resolve(sse('at last'));
    let text = await read();
    while (text.startsWith(':')) text = await read();
    expect(text).toContain('at last');
  });
});
