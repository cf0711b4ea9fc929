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
import { scriptedGuard } from '../support/scripted-guard.ts';
import { MODEL, testApp } from '../support/test-app.ts';

const MARK = 'MARKED';
const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
);
afterAll(() => trace.disable());

const message = { role: 'user', content: `${MARK} prompt` };
const parameters = {
  type: 'object',
  properties: { [`${MARK}_field`]: { type: 'string', description: MARK } },
};
const tools = [{ type: 'function', function: { name: 'look', description: `${MARK} tool`, parameters } }];
const called = { id: 'call_1', type: 'function', function: { name: 'look', arguments: `{"a":"${MARK}"}` } };
const file = () => {
  const form = new FormData();
  form.set('purpose', 'user_data');
  form.set('file', new File([`${MARK} content`], `${MARK}.txt`));
  return form;
};

/** What goes to each route that takes a body; several where it can go several ways. */
const BODIES: Readonly<Record<string, readonly (object | FormData)[]>> = {
  '/v1/chat/completions': [
    { messages: [message], user: MARK },
    { messages: [message], stream: true, stop: [MARK], metadata: { a: MARK } },
    { messages: [message, { role: 'assistant', content: '', tool_calls: [called] }, message], tools },
    { messages: [{ role: MARK, content: MARK }] },
    { messages: [message], [MARK]: MARK },
  ],
  '/v1/completions': [{ prompt: MARK }, { prompt: MARK, stream: true }, { prompt: { [MARK]: MARK } }],
  '/v1/responses': [
    { input: MARK, instructions: MARK, metadata: { [MARK]: MARK } },
    { input: MARK, stream: true },
    { input: [{ type: MARK }] },
  ],
  '/v1/embeddings': [{ input: MARK }, { input: [[MARK]] }],
  '/v1/moderations': [{ input: MARK }],
  '/v1/safety/run-shield': [{ shield_id: 'tests/guard', messages: [message] }, { shield_id: MARK }],
  '/v1/conversations': [{ items: [{ type: 'message', ...message }], metadata: { a: MARK } }],
  '/v1/files': [file()],
  '/v1/batches': [{ input_file_id: MARK, endpoint: '/v1/chat/completions', completion_window: '24h' }],
  '/v1/tasks/summarize': [{ text: `${MARK} text` }],
  '/v1/tasks/rewrite': [{ text: `${MARK} text` }],
  '/v1/tasks/assistant': [{ messages: [message] }],
};

const headers = {
  authorization: `Bearer ${MARK}`,
  cookie: MARK,
  'x-api-key': MARK,
  'user-agent': MARK,
  'openai-organization': MARK,
  'x-cria-origin-secret': MARK,
};

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
  const routes = new Set<string>();
  for (const { method, path } of listOperations()) {
    const url = `${path.replaceAll(/\{[^}]+\}/g, 'id')}?after=${MARK}&key=${MARK}`;
    const bodies = method === 'POST' ? (BODIES[path] ?? [{ [MARK]: MARK }]) : [undefined];
    for (const body of bodies) {
      const json = body instanceof FormData ? body : body && JSON.stringify({ model: MODEL, ...body });
      const reply = await app.request(url, { method, headers, ...(json ? { body: json } : {}) });
      await reply.text().catch(() => {});
      routes.add(`${method} ${path}`);
    }
    if (method === 'POST') await (await app.request(url, { method, headers, body: `{"${MARK}": ` })).text();
  }
  expect(routes.size).toBe(listOperations().length);

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

const excerpt = (text: string): string =>
  text.slice(Math.max(0, text.indexOf(MARK) - 200), text.indexOf(MARK) + 100);
