/** A gateway before two servers that a test writes. */
import { createGateway, type GatewayDeps } from '../../app/gateway/gateway.ts';
import { Routes } from '../../app/gateway/schema.ts';
import { MODEL } from './test-app.ts';

export type Server = (request: Request) => Response | Promise<Response>;

export const routes = Routes.parse({
  backends: [
    { name: 'near', url: 'http://near:1/v1', model: MODEL, health: '/v1/health' },
    { name: 'far', url: 'https://far/api/v1/', model: 'far-model', key: 'FAR_KEY' },
  ],
  routes: [
    {
      model: 'llama',
      to: [{ backend: 'near', weight: 1 }],
      overflow: ['far'],
      contextLength: 100,
      licence: 'MIT',
    },
    {
      model: 'remote',
      to: [{ backend: 'far', weight: 1 }],
      overflow: [],
      contextLength: 100,
      licence: 'MIT',
    },
  ],
  keeper: 'near',
});

export const onlyNear = Routes.parse({
  backends: [routes.backends[0]!],
  routes: [{ ...routes.routes[0]!, overflow: [] }],
});

export const says =
  (text: string, status = 200, headers: Record<string, string> = {}): Server =>
  () =>
    Response.json({ text }, { status, headers });
export const refuses: Server = () => {
  throw new TypeError('fetch failed');
};

/** A gateway before servers that the test writes, in `near` and `far`; what they were asked is kept. */
export function setUp(servers: Record<string, Server>, options: Partial<GatewayDeps> = {}) {
  const asked: { readonly url: string; readonly headers: Headers; readonly body: string }[] = [];
  const clock = { ms: 1_000_000 };
  const { app, probe } = createGateway({
    routes,
    fetch: async (url, init) => {
      const request = new Request(url, init);
      asked.push({ url: request.url, headers: request.headers, body: await request.clone().text() });
      return servers[request.url.includes('far') ? 'far' : 'near']!(request);
    },
    nowMs: () => clock.ms,
    secret: (name) => (name === 'FAR_KEY' ? 'sk-far' : undefined),
    newId: () => 'id',
    random: () => 0,
    log: () => {},
    pause: () => new Promise(() => {}),
    images: { hosts: [] },
    startMs: 600_000,
    maxBodyBytes: 10_000,
    timeoutMs: 1_000,
    ...options,
  });
  const chat = (fields: object = {}, init: RequestInit = {}) =>
    app.request('/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'llama', messages: [], ...fields }),
      ...init,
    });
  return { app, probe, asked, clock, chat, servers };
}
