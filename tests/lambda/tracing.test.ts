/** A real gateway process, and a collector that it is told of. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: unknown }[];
}

const exports: { readonly path: string; readonly body: string }[] = [];
const passedOn: (string | undefined)[] = [];
const collector = createServer(async (request, response) => {
  exports.push({ path: request.url!, body: await text(request) });
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
});
const backend = createServer((request, response) => {
  if (request.method === 'POST') passedOn.push(request.headers.traceparent as string | undefined);
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"state":"ready"}');
});

beforeAll(async () => {
  for (const server of [collector, backend]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});
afterAll(() => {
  for (const server of [collector, backend]) {
    server.closeAllConnections();
    server.close();
  }
});

const urlOf = (server: typeof collector) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Asks a gateway of its own one question, with these variables and headers, and ends it. */
async function askOnce(variables: Record<string, string>, headers: Record<string, string>): Promise<void> {
  const routes = {
    backends: [{ name: 'only', url: `${urlOf(backend)}/v1`, model: 'm' }],
    routes: [
      { model: 'm', to: [{ backend: 'only', weight: 1 }], overflow: [], contextLength: 8, licence: 'x' },
    ],
  };
  const gateway = spawn(process.execPath, ['lambda/gateway.ts'], {
    env: {
      ...process.env,
      ...{ PORT: '0', CRIA_AUTH: 'none', CRIA_ROUTES: JSON.stringify(routes) },
      OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(collector),
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(gateway, 'exit');
  const [line] = (await once(createInterface({ input: gateway.stdout }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'MARKED' }] }),
  });
  expect(reply.status).toBe(200);
  await reply.text();
  gateway.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
}

beforeEach(() => {
  exports.length = 0;
  passedOn.length = 0;
});

test('its spans go to the collector before it ends, and the trace goes on to the backend', async () => {
  await askOnce({}, { traceparent: `00-${TRACE}-${PARENT}-01` });
  expect(exports.map(({ path }) => path)).toContain('/v1/traces');
  const [{ resource, scopeSpans }] = JSON.parse(exports[0]!.body).resourceSpans;
  expect(JSON.stringify(resource.attributes)).toContain('cria-gateway');
  const spans = (scopeSpans as { spans: Span[] }[]).flatMap((one) => one.spans);
  const [request] = spans.filter(({ name }) => name === 'POST /v1/chat/completions');
  expect(request).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
  expect(passedOn).toEqual([`00-${TRACE}-${request!.spanId}-01`]);
  expect(JSON.stringify(exports)).not.toContain('MARKED');
});

test('a trace that is not kept is not kept by the backend either', async () => {
  const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
  await askOnce(sampler, {});
  expect(exports).toEqual([]);
  expect(passedOn).toEqual([expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)]);
});

test('a trace that its client keeps is kept, whatever the share of others', async () => {
  const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
  await askOnce(sampler, { traceparent: `00-${TRACE}-${PARENT}-01` });
  expect(JSON.stringify(exports)).toContain(TRACE);
});
