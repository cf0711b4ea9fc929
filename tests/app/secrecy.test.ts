/** Nothing that a client says or is told is in the log, the metrics or the traces: every route, with marked words. */
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, expect, test } from 'vitest';
import { createMetrics } from '../../app/metrics.ts';
import { observedGuard } from '../../app/observed-guard.ts';
import { listOperations } from '../../app/openapi.ts';
import { REFUSAL } from '../../app/safety.ts';
import { DEFAULT_POLICY } from '../../engine/guard/guard.ts';
import { createGuardedEngine } from '../../engine/guard/guarded-engine.ts';
import { excerpt, MARK, markedHeaders, markedRequests } from '../support/marked-requests.ts';
import { scriptedGuard } from '../support/scripted-guard.ts';
import { MODEL, testApp } from '../support/test-app.ts';

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
);
afterAll(() => trace.disable());

test('whatever route it went through, and whether it went well', async () => {
  const metrics = createMetrics();
  const scripted = scriptedGuard((prompt) => ({ answer: prompt.includes('tool') ? 'unsafe\nS9' : 'safe' }));
  const guard = observedGuard(scripted.guard, { metrics, now: () => 0 });
  const safety = { guard, policy: DEFAULT_POLICY, path: 'both', refusal: REFUSAL } as const;
  const steps = [
    [`${MARK} reply`],
    [
      { type: 'tool_call', index: 0, name: 'look' },
      { type: 'tool_arguments', index: 0, text: `{"a":"${MARK}"}` },
    ],
  ] as const;
  const { app, logs } = testApp(
    { each: Array.from({ length: 40 }, (_, i) => steps[i % 2]!) },
    { safety, metrics, slowMs: 1, wrap: (engine) => createGuardedEngine(engine, safety) },
  );
  const asked = markedRequests(MODEL);
  for (const { method, path, body } of asked) {
    const reply = await app.request(path, { method, headers: markedHeaders, ...(body ? { body } : {}) });
    await reply.text().catch(() => {});
  }
  expect(new Set(asked.map(({ method, route }) => `${method} ${route}`)).size).toBe(listOperations().length);

  const told = {
    log: JSON.stringify(logs),
    metrics: await (await app.request('/metrics')).text(),
    traces: JSON.stringify(
      exporter
        .getFinishedSpans()
        .map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    ),
  };
  for (const [what, text] of Object.entries(told))
    expect(text.includes(MARK), `${what}: ${excerpt(text)}`).toBe(false);
  expect(logs.filter(({ event }) => event === 'completion').length).toBeGreaterThan(5); // it was really said
  expect(told.traces).toContain('gen_ai.tool.call');
  expect(told.metrics).toMatch(/cria_guard_judgements_total\{direction="output"/);
});
