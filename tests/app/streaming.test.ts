import { describe, expect, test } from 'vitest';
import { StalledError } from '../../engine/errors.ts';
import { events, testApp } from '../support/test-app.ts';

const decoder = new TextDecoder();

describe('a stream of completions', () => {
  test('is pulled, one part for each event the reader takes', async () => {
    const { chat, engine } = testApp({ steps: Array<string>(100).fill('x') });
    const reader = (await chat({ stream: true })).body!.getReader();

    await reader.read(); // the role
    expect(engine.stepsReached).toBe(0);
    for (let i = 0; i < 3; i++) await reader.read();
    expect(engine.stepsReached).toBe(3);
    await reader.cancel();
  });

  test('stops the engine when the reader leaves between parts', async () => {
    const { chat, engine, logs } = testApp({ steps: Array<string>(100).fill('x') });
    const reader = (await chat({ stream: true })).body!.getReader();
    for (let i = 0; i < 3; i++) await reader.read();
    await reader.cancel();

    expect(engine.abandoned).toBe(1);
    expect(engine.stepsReached).toBe(2);
    expect(engine.signals[0]!.aborted).toBe(true);
    const [line, ...more] = logs.filter(({ event }) => event === 'completion');
    expect(line).toMatchObject({ outcome: 'aborted', promptTokens: 5 });
    expect(line).not.toHaveProperty('completionTokens'); // nobody counted
    expect(more).toEqual([]);
  });

  test('stops the engine when the reader leaves while it computes', async () => {
    const never = new Promise(() => {});
    const { chat, engine } = testApp({ steps: ['x', never, 'y'] });
    const reader = (await chat({ stream: true })).body!.getReader();
    await reader.read();
    await reader.read();
    const pending = reader.read();
    await reader.cancel();

    expect((await pending).done).toBe(true);
    expect(engine.abandoned).toBe(1);
  });

  test('tells the engine when the reader leaves before the first event', async () => {
    const { chat, engine, logs } = testApp();
    await (await chat({ stream: true })).body!.cancel();

    expect(engine.signals[0]!.aborted).toBe(true);
    expect(logs.filter(({ event }) => event === 'completion')).toMatchObject([{ outcome: 'aborted' }]);
  });

  test.each(['chat', 'text'] as const)('of %s ends with an error event, without [DONE]', async (route) => {
    const app = testApp({ steps: ['x', new Error('kernel 7 at 0xdead'), 'y'] });
    const all = await events(await app[route]({ stream: true }));
    const last = JSON.parse(all.at(-1)!);

    expect(all).toHaveLength(route === 'chat' ? 3 : 2);
    expect(last.error).toEqual({
      message: 'internal error in request id-1',
      type: 'server_error',
      param: null,
      code: 'internal',
    });
    expect(app.logs).toContainEqual(
      expect.objectContaining({ event: 'error', requestId: 'id-1', message: 'kernel 7 at 0xdead' }),
    );
    expect(app.logs).toContainEqual(expect.objectContaining({ event: 'completion', outcome: 'error' }));
  });

  test('says what went wrong when it is no secret', async () => {
    const all = await events(await testApp({ steps: [new StalledError(5000)] }).chat({ stream: true }));
    expect(JSON.parse(all.at(-1)!)).toMatchObject({ error: { code: 'reader_stalled' }, status: 408 });
  });

  test('sends each part in an event of its own, as it comes', async () => {
    const gate = Promise.withResolvers<void>();
    const { chat } = testApp({ steps: ['first', gate.promise, 'second'] });
    const reader = (await chat({ stream: true })).body!.getReader();
    const next = async () => decoder.decode((await reader.read()).value);

    await next();
    expect(await next()).toContain('"content":"first"'); // while the engine is held at the gate
    gate.resolve();
    expect(await next()).toContain('"content":"second"');
    await reader.cancel();
  });
});

describe("the request's own signal", () => {
  test('stops a stream', async () => {
    const client = new AbortController();
    const { chat, engine } = testApp({ steps: ['x', new Promise(() => {})] });
    const reader = (await chat({ stream: true }, { signal: client.signal })).body!.getReader();
    await reader.read();
    await reader.read();
    client.abort();

    await reader.read();
    expect((await reader.read()).done).toBe(true);
    expect(engine.abandoned).toBe(1);
  });

  test('stops a reply that is not streamed', async () => {
    const client = new AbortController();
    const { chat, engine, logs } = testApp({ steps: ['x', new Promise(() => {})] });
    const reply = chat({}, { signal: client.signal });
    await new Promise((resolve) => setTimeout(resolve));
    client.abort();

    expect((await reply).status).toBe(499);
    expect(engine.abandoned).toBe(1);
    expect(logs).toContainEqual(expect.objectContaining({ event: 'completion', outcome: 'aborted' }));
    expect(logs.some(({ event }) => event === 'error')).toBe(false);
  });
});

test('a completion that ends without a reason is an internal error, not half a reply', async () => {
  const { app, engine } = testApp();
  engine.start = async (request) => ({
    model: request.model,
    promptTokens: 1,
    parts: (async function* () {})(),
  });
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  expect((await app.request('/v1/chat/completions', { method: 'POST', body })).status).toBe(500);
});
