import { describe, expect, test } from 'vitest';
import type { Limits } from '../../app/access/access-key.ts';
import { LimiterError } from '../../app/access/errors.ts';
import type { Limiter } from '../../app/access/limiter.ts';
import { REFUSAL } from '../../app/safety.ts';
import { BusyError } from '../../engine/errors.ts';
import { DEFAULT_POLICY } from '../../engine/guard/guard.ts';
import type { Script } from '../support/scripted-engine.ts';
import { scriptedGuard } from '../support/scripted-guard.ts';
import { MODEL, testApp } from '../support/test-app.ts';
import { bearer, testAccess, testKey } from '../support/test-keys.ts';

const never = new Promise<void>(() => {});

function setUp(limits: Limits, script: Partial<Script> = {}) {
  const made = testApp(script, { limits });
  const from = (address: string, path: string, body?: object, init: RequestInit = {}) =>
    made.app.request(path, body ? { method: 'POST', body: JSON.stringify(body), ...init } : init, {
      address,
    });
  const ask = (fields: object = {}, address = '1.1.1.1', init?: RequestInit) =>
    from(
      address,
      '/v1/chat/completions',
      { model: MODEL, messages: [{ role: 'user', content: 'hi' }], ...fields },
      init,
    );
  return { ...made, from, ask };
}

describe('requests a minute', () => {
  test('are counted for each address, and told in headers that pages may read', async () => {
    const { ask, from, clock } = setUp({ requestsPerMinute: 2 });
    const first = await ask();
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '30s',
    });
    expect(first.headers.get('access-control-expose-headers')).toContain('x-ratelimit-remaining-requests');
    expect((await ask()).status).toBe(200);

    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'retry-after': '30',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1m0s',
    });
    expect(await refused.json()).toMatchObject({
      error: {
        message: 'the limit of 2 requests a minute is reached; try again in 30 s',
        type: 'rate_limit_error',
        code: 'rate_limit_exceeded',
      },
    });
    expect((await ask({}, '2.2.2.2')).status).toBe(200);
    expect((await from('1.1.1.1', '/v1/health')).status).toBe(200);
    expect((await from('1.1.1.1', '/v1/models')).status).toBe(429); // whatever is asked

    clock.ms += 30_000;
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(429);
  });

  test('count what is refused for its content, too', async () => {
    const { ask } = setUp({ requestsPerMinute: 1 });
    expect((await ask({ temperature: 9 })).status).toBe(400);
    expect((await ask()).status).toBe(429);
  });

  test('are each key’s own, or else what every key has; whatever its address', async () => {
    const clock = { ms: 0 };
    const keys = [testKey('few', { limits: { requestsPerMinute: 1 } }), testKey('usual')];
    const { access } = testAccess(keys, clock);
    const { app } = testApp({}, { access, limits: { requestsPerMinute: 3, concurrency: 50 } });
    const statuses = async (id: string) => {
      const all: number[] = [];
      for (let i = 0; i < 5; i++)
        all.push(
          (await app.request('/v1/models', { headers: bearer(id) }, { address: `1.1.1.${i}` })).status,
        );
      return all;
    };
    expect(await statuses('few')).toEqual([200, 429, 429, 429, 429]);
    expect(await statuses('usual')).toEqual([200, 200, 200, 429, 429]);
    expect(await statuses('eve')).toEqual([401, 401, 401, 401, 401]);
  });

  test('are exact, however many come at once', async () => {
    const { ask } = setUp({ requestsPerMinute: 20 });
    const replies = await Promise.all(Array.from({ length: 64 }, () => ask()));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(44);
  });
});

describe('requests at once', () => {
  const limits = { concurrency: 1 };

  test('give their place back when a reply is whole, or a stream is', async () => {
    const { ask } = setUp(limits);
    expect((await ask()).status).toBe(200);
    const stream = await ask({ stream: true });
    expect((await ask()).status).toBe(429);
    expect(await stream.text()).toContain('[DONE]');
    expect((await ask()).status).toBe(200);
  });

  test('give it back when the client leaves, the model fails, or nothing was computed', async () => {
    const { ask } = setUp(limits, { each: [[never], [new Error('broken')], [new Error('broken')], []] });
    const left = await ask({ stream: true });
    expect((await ask()).status).toBe(429);
    await left.body!.cancel();
    expect(await (await ask({ stream: true })).text()).toContain('internal');
    expect((await ask()).status).toBe(500);
    expect((await ask({ n: 0 })).status).toBe(400);
    expect((await ask()).status).toBe(200);
  });

  test('give it back once: a second end frees nobody else’s', async () => {
    const { ask } = setUp({ concurrency: 2 }, { steps: [never] });
    const first = await ask({ stream: true });
    await ask({ stream: true });
    await first.body!.cancel();
    await first.body!.cancel().catch(() => {});
    await ask({ stream: true });
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
  });

  test('a stream is read piece by piece as before', async () => {
    const { ask, engine } = setUp(limits, { steps: ['a', 'b', 'c', 'd'] });
    const reader = (await ask({ stream: true })).body!.getReader();
    await reader.read();
    await reader.read();
    expect(engine.stepsReached).toBeLessThan(4);
    await reader.cancel();
  });
});

describe('tokens a minute', () => {
  const usage = { promptTokens: 10, cachedTokens: 0, completionTokens: 20 };
  const remaining = (reply: Response) => Number(reply.headers.get('x-ratelimit-remaining-tokens'));

  test('are reserved for the prompt and the longest reply, then corrected by what was used', async () => {
    const { ask } = setUp({ tokensPerMinute: 1_000 }, { usage });
    const first = await ask({ max_tokens: 500 });
    expect(remaining(first)).toBeLessThanOrEqual(500);
    expect(remaining(first)).toBeGreaterThan(450);
    const second = await ask({ max_tokens: 500 });
    expect(remaining(second)).toBe(remaining(first) - 30); // the first took 30 in the end
  });

  test('turn away what does not fit now, and say when it will', async () => {
    const { ask, clock, engine } = setUp({ tokensPerMinute: 600 }, { steps: [never] });
    await ask({ max_tokens: 500, stream: true });
    const refused = await ask({ max_tokens: 500 });
    expect(refused.status).toBe(429);
    expect(await refused.text()).toMatch(/the limit of 600 tokens a minute is reached; try again in 4\d s/);
    expect(refused.headers.get('x-ratelimit-limit-tokens')).toBe('600');
    expect(engine.requests).toHaveLength(1);
    clock.ms += 1_000 * Number(refused.headers.get('retry-after'));
    expect((await ask({ max_tokens: 500, stream: true })).status).toBe(200);
  });

  test('turn away for good what never fits', async () => {
    const { ask } = setUp({ tokensPerMinute: 600 });
    const refused = await ask({ max_tokens: 601 });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(await refused.json()).toMatchObject({ error: { code: 'request_too_large' } });
  });

  test('come back whole when the model refuses', async () => {
    const { ask } = setUp({ tokensPerMinute: 600 }, { refusal: new BusyError(1, 1) });
    for (let i = 0; i < 5; i++) {
      const reply = await ask({ max_tokens: 500 });
      expect((await reply.json()) as object).toMatchObject({ error: { code: 'model_busy' } });
    }
  });

  test('of a reply that is left are those that were said', async () => {
    const { ask, from } = setUp({ tokensPerMinute: 1_000 }, { each: [['x'.repeat(40), never]], usage });
    const left = await ask({ max_tokens: 900, stream: true });
    const reader = left.body!.getReader();
    await reader.read();
    await reader.read();
    await reader.cancel();
    const after = await from('1.1.1.1', '/v1/embeddings', { model: MODEL, input: 'hi' });
    expect(after.status).toBe(200);
    expect(remaining(after)).toBeGreaterThan(900);
    expect(remaining(after)).toBeLessThan(990);
  });

  test('of choices share their prompt', async () => {
    const { ask, from } = setUp({ tokensPerMinute: 10_000 }, { usage });
    await ask({ n: 4, max_tokens: 50 });
    const after = await from('1.1.1.1', '/v1/embeddings', { model: MODEL, input: ''.padEnd(4, 'x') });
    expect(10_000 - remaining(after)).toBeGreaterThanOrEqual(90); // 10 and 4 times 20, and the input
    expect(10_000 - remaining(after)).toBeLessThan(100);
  });

  test('are counted of what the guard reads', async () => {
    const { guard } = scriptedGuard(() => ({ answer: 'safe' }));
    const safety = { guard, policy: DEFAULT_POLICY, path: 'off', refusal: REFUSAL } as const;
    const { app } = testApp({}, { safety, limits: { tokensPerMinute: 5_000 } });
    const moderate = (input: string) =>
      app.request(
        '/v1/moderations',
        { method: 'POST', body: JSON.stringify({ input }) },
        { address: '1.1.1.1' },
      );
    const used = 5_000 - remaining(await moderate('hello'));
    expect(used).toBeGreaterThan(0);
    expect(5_000 - remaining(await moderate('hello'))).toBeGreaterThan(used);
    expect((await moderate('x'.repeat(30_000))).status).toBe(429);
  });
});

test('nothing is let in uncounted: where the limiter cannot be asked it is 503', async () => {
  const down = () => Promise.reject(new LimiterError(new Error('gone')));
  const limiter: Limiter = { enter: down, reserve: down, settle: down, leave: down };
  const { chat, app } = testApp({}, { limits: { requestsPerMinute: 9 }, limiter });
  const reply = await chat();
  expect(reply.status).toBe(503);
  expect(await reply.json()).toMatchObject({ error: { code: 'limiter_unavailable' } });
  expect((await app.request('/v1/health')).status).toBe(200);
});

test('without limits nothing is counted, and no header says anything', async () => {
  const { chat } = testApp();
  expect([...(await chat()).headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
});
