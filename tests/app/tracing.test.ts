/** Spans as an SDK gets them. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createMetrics } from '../../app/metrics.ts';
import { observedGuard } from '../../app/observed-guard.ts';
import { REFUSAL } from '../../app/safety.ts';
import { DEFAULT_POLICY } from '../../engine/guard/guard.ts';
import { createGuardedEngine } from '../../engine/guard/guarded-engine.ts';
import { scriptedGuard } from '../support/scripted-guard.ts';
import { events, MODEL, START_MS, testApp } from '../support/test-app.ts';

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
);
beforeEach(() => exporter.reset());
afterAll(() => trace.disable());

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };

const span = (name: string): ReadableSpan => {
  const found = exporter.getFinishedSpans().filter((one) => one.name === name);
  expect(found, name).toHaveLength(1);
  return found[0]!;
};
const ms = ([seconds, nanos]: readonly [number, number]) =>
  Math.round(seconds * 1000 + nanos / 1e6) - START_MS;
const parentOf = (one: ReadableSpan) => one.parentSpanContext?.spanId;

test('a streamed chat: request, queue, prefill and decode, under the span that the client names', async () => {
  const times = { enteredAtMs: START_MS + 100, startedAtMs: START_MS + 300, firstTokenAtMs: START_MS + 700 };
  const { chat, clock } = testApp(
    { steps: ['a', { type: 'tool_call', index: 0, name: 'weather' }] },
    {
      wrap: (engine) => ({
        ...engine,
        start: async (...all) => ({ ...(await engine.start(...all)), times: () => times }),
      }),
    },
  );
  const tools = [{ type: 'function', function: { name: 'weather' } }];
  const reply = await chat({ stream: true, max_tokens: 9, seed: 7, temperature: 0.5, tools }, { headers });
  clock.ms += 1500;
  expect(exporter.getFinishedSpans()).toEqual([]); // it is open until the last byte
  await events(reply);

  const request = span('POST /v1/chat/completions');
  expect(request.kind).toBe(SpanKind.SERVER);
  expect(request.spanContext().traceId).toBe(TRACE);
  expect(parentOf(request)).toBe(PARENT);
  expect(request.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/v1/chat/completions',
    'http.response.status_code': 200,
  });
  expect(ms(request.endTime)).toBe(1500);

  const completion = span(`chat ${MODEL}`);
  expect(parentOf(completion)).toBe(request.spanContext().spanId);
  expect(completion.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'cria',
    'gen_ai.request.model': MODEL,
    'gen_ai.request.max_tokens': 9,
    'gen_ai.request.seed': 7,
    'gen_ai.request.temperature': 0.5,
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': 5,
    'gen_ai.usage.output_tokens': 2,
  });
  expect(completion.events.map(({ name, attributes }) => [name, attributes])).toEqual([
    ['gen_ai.tool.call', { 'gen_ai.tool.name': 'weather' }],
  ]);
  const phases = ['queue', 'prefill', 'decode'].map((name) => span(name));
  expect(phases.map((one) => [parentOf(one), ms(one.startTime), ms(one.endTime)])).toEqual(
    [
      [100, 300],
      [300, 700],
      [700, 1500],
    ].map((range) => [completion.spanContext().spanId, ...range]),
  );
});

test('what the guard judged, and for which request', async () => {
  const scripted = scriptedGuard((prompt) => ({ answer: /BAD/.test(prompt) ? 'unsafe\nS9' : 'safe' }));
  const guard = observedGuard(scripted.guard, { metrics: createMetrics(), now: () => START_MS });
  const safety = { guard, policy: DEFAULT_POLICY, path: 'input', refusal: REFUSAL } as const;
  const { chat } = testApp({}, { safety, wrap: (engine) => createGuardedEngine(engine, safety) });
  await chat({ messages: [{ role: 'user', content: 'BAD' }] }, { headers });
  const judged = span('guard');
  expect(parentOf(judged)).toBe(span('POST /v1/chat/completions').spanContext().spanId);
  expect(judged.attributes).toMatchObject({
    'cria.guard.direction': 'input',
    'cria.guard.reason': 'unsafe',
    'cria.guard.flagged': true,
    'cria.guard.categories': ['S9'],
  });
});

test('a completion that fails, and a client that leaves', async () => {
  const { chat } = testApp({ steps: ['a', new Error('broken')] });
  await events(await chat({ stream: true }));
  const failed = span(`chat ${MODEL}`);
  expect(failed.status.code).toBe(SpanStatusCode.ERROR);
  expect(failed.attributes['gen_ai.response.finish_reasons']).toEqual(['error']);

  exporter.reset();
  const left = testApp({ steps: ['a', 'b'] });
  await (await left.chat({ stream: true })).body!.cancel();
  expect(span(`chat ${MODEL}`).attributes['gen_ai.response.finish_reasons']).toEqual(['aborted']);
  span('POST /v1/chat/completions');
});

test.each(['', 'nonsense', `00-${'0'.repeat(32)}-${PARENT}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`])(
  'a traceparent that is none begins a trace: %j',
  async (traceparent) => {
    const { app } = testApp();
    await app.request('/v1/models', { headers: { traceparent } });
    expect(span('GET /v1/models').parentSpanContext).toBeUndefined();
  },
);

test('probes and scrapes are no spans', async () => {
  const { app } = testApp();
  for (const path of ['/v1/health', '/v1/health/live', '/v1/health/ready', '/metrics'])
    expect((await app.request(path, { headers })).status, path).toBe(200);
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect((await app.request('/v1/models', { headers })).status).toBe(200);
  expect(span('GET /v1/models').spanContext().traceId).toBe(TRACE);
});
