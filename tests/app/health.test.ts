/** How a server says that it works, and that it can answer. */
import { describe, expect, test } from 'vitest';
import { createLifecycle } from '../../app/lifecycle.ts';
import { REFUSAL, type Safety } from '../../app/safety.ts';
import { DEFAULT_POLICY, type Guard } from '../../engine/guard/guard.ts';
import { scriptedGuard } from '../support/scripted-guard.ts';
import { events, PLACE, testApp } from '../support/test-app.ts';

type State = 'loading' | 'ready' | 'failed';

const { guard } = scriptedGuard(() => ({ answer: 'safe' }));

function guardIn(state: State, path: Safety['path']): Safety & { readonly prepared: () => number } {
  let prepared = 0;
  const prepare = async () => void prepared++;
  const load = { bytes: 5, totalBytes: 10 };
  const one: Guard = { info: guard.info, judge: guard.judge, state, load, prepare };
  return { guard: one, policy: DEFAULT_POLICY, path, refusal: REFUSAL, prepared: () => prepared };
}

const load = { bytes: 30, totalBytes: 100 };

describe('of an engine', () => {
  test.each([
    { state: 'ready', live: 200, ready: 200, word: 'OK' },
    { state: 'loading', live: 200, ready: 503, word: 'OK' },
    { state: 'failed', live: 503, ready: 503, word: 'Error' },
  ] as const)('that is $state', async ({ state, live, ready, word }) => {
    const { app } = testApp({ stats: { state, load, running: 2, waiting: 3 } });
    for (const [path, status] of [
      ['/v1/health', live],
      ['/v1/health/live', live],
      ['/v1/health/ready', ready],
    ] as const) {
      const reply = await app.request(path);
      expect(reply.status, path).toBe(status);
      expect(await reply.json()).toEqual({
        status: word,
        state,
        ...PLACE,
        running: 2,
        waiting: 3,
        load: { bytes: 30, total_bytes: 100 },
      });
    }
  });

  test.each([
    { state: 'loading', times: 1 },
    { state: 'ready', times: 0 },
    { state: 'failed', times: 0 },
  ] as const)(
    'that is $state is told $times times to load when one asks whether it is ready',
    async (one) => {
      const { app, engine } = testApp({ stats: { state: one.state } });
      for (const path of ['/v1/health', '/v1/health/live', '/v1/health/ready']) await app.request(path);
      expect(engine.prepared).toBe(one.times);
    },
  );

  test('whose load fails leaves a line in the log, and the probe an answer', async () => {
    const { app, logs } = testApp(
      { stats: { state: 'loading' } },
      { wrap: (engine) => ({ ...engine, prepare: () => Promise.reject(new Error('no such file')) }) },
    );
    expect((await app.request('/v1/health/ready')).status).toBe(503);
    expect(logs).toContainEqual(expect.objectContaining({ during: 'load', message: 'no such file' }));
  });

  test('in a Worker goes on loading after the reply', async () => {
    const { app } = testApp({ stats: { state: 'loading' } });
    const work: Promise<unknown>[] = [];
    await app.request('/v1/health/ready', {}, { waitUntil: (one: Promise<unknown>) => work.push(one) });
    expect(work).toHaveLength(1);
  });
});

describe('of a guard', () => {
  test.each([
    { state: 'loading', path: 'input', ready: 503, live: 200, says: 'loading', bytes: 35 },
    { state: 'failed', path: 'output', ready: 503, live: 503, says: 'failed', bytes: 35 },
    { state: 'ready', path: 'both', ready: 200, live: 200, says: 'ready', bytes: 35 },
    { state: 'loading', path: 'off', ready: 200, live: 200, says: 'ready', bytes: 30 },
    { state: 'failed', path: 'off', ready: 200, live: 200, says: 'ready', bytes: 30 },
  ] as const)('that is $state and judges $path', async ({ state, path, ready, live, says, bytes }) => {
    const safety = guardIn(state, path);
    const { app } = testApp({ stats: { load } }, { safety });
    const reply = await app.request('/v1/health/ready');
    expect(reply.status).toBe(ready);
    expect(await reply.json()).toMatchObject({ state: says, guard: state, load: { bytes } });
    expect((await app.request('/v1/health/live')).status).toBe(live);
    expect(safety.prepared()).toBe(says === 'loading' ? 1 : 0);
  });
});

describe('of a server that ends', () => {
  test('it is not ready, refuses what is new, and lets what it has begun end', async () => {
    const lifecycle = createLifecycle();
    const { app, chat } = testApp({ steps: ['a', 'b'] }, { lifecycle });
    const begun = await chat({ stream: true });
    lifecycle.drain();

    const ready = await app.request('/v1/health/ready');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ state: 'draining' });
    expect((await app.request('/v1/health/live')).status).toBe(200);
    expect((await app.request('/metrics')).status).toBe(200);
    for (const refused of [await chat(), await app.request('/v1/models'), await app.request('/v1/version')]) {
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(await refused.json()).toMatchObject({ error: { code: 'shutting_down' } });
    }
    expect((await events(begun)).at(-1)).toBe('[DONE]');
  });

  test.each([
    ['a chat', '/v1/chat/completions', { messages: [{ role: 'user', content: 'hi' }] }],
    ['a text', '/v1/completions', { prompt: 'hi' }],
    ['a response', '/v1/responses', { input: 'hi' }],
  ])('%s that takes too long is ended with an error', async (_, path, fields) => {
    const lifecycle = createLifecycle();
    const { app, engine } = testApp({ steps: ['a', new Promise(() => {})] }, { lifecycle });
    const body = JSON.stringify({ model: engine.models()[0]!.id, stream: true, ...fields });
    const reply = await app.request(path, { method: 'POST', body });
    lifecycle.drain();
    const text = reply.text();
    await new Promise(setImmediate);
    lifecycle.end();
    const last = JSON.parse(/data: (.+)\n\n$/.exec(await text)![1]!);
    const { error } = path === '/v1/responses' ? last.response : last;
    expect(error.message).toBe('this server is shutting down; try again in 5 s');
    expect(engine.abandoned).toBe(1);
  });

  test('one that is not streamed gets 503', async () => {
    const lifecycle = createLifecycle();
    const { chat } = testApp({ steps: [new Promise(() => {})] }, { lifecycle });
    const reply = chat();
    await new Promise(setImmediate);
    lifecycle.end();
    expect((await reply).status).toBe(503);
  });
});
