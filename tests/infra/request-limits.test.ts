/** What a site's gateway lets pass is taken behind it, and what is too much is refused. */
import { describe, expect, test } from 'vitest';
import { createGateway } from '../../app/gateway/gateway.ts';
import { toRequestOptions } from '../../app/request-settings.ts';
import { gatewayRoutes } from '../../infra/gateway-routes.ts';
import { plan } from '../../infra/plan.ts';
import { parseSite, type SiteInput } from '../../infra/site.ts';
import { Env } from '../../lambda/env.ts';
import { GatewayEnv } from '../../lambda/gateway-env.ts';
import { MODEL, testApp } from '../support/test-app.ts';

type Limits = NonNullable<NonNullable<SiteInput['gateway']>['limits']>;

/** The gateway of such a site, and the one server behind it. Its model has a shorter name for clients. */
function setUp(limits: Limits) {
  const site = { name: 'lab', gateway: { limits }, models: [{ id: 'smollm2', engine: 'node', name: 'm' }] };
  const planned = plan(parseSite({ ...site, routes: [{ model: 'm', to: 'm' }] }, 'lab.yaml'));
  const routes = gatewayRoutes(planned, () => 'localhost');
  const env = GatewayEnv.parse({ ...planned.gateway.env, CRIA_ROUTES: JSON.stringify(routes) });
  const server = testApp({}, toRequestOptions(Env.parse(planned.workloads[1]!.env))).app;
  const { app } = createGateway({
    ...{ nowMs: () => 0, newId: () => 'id', random: () => 0, log: () => {}, secret: () => undefined },
    ...{ pause: () => new Promise(() => {}), images: { hosts: [] }, startMs: 1, timeoutMs: 10_000 },
    routes: { ...routes, backends: [{ ...routes.backends[0]!, model: MODEL }] },
    fetch: async (url, init) => server.request(String(url), init),
    maxBodyBytes: env.CRIA_MAX_BODY,
    bounds: { messages: env.CRIA_MAX_MESSAGES, images: env.CRIA_MAX_IMAGES },
  });
  return (body: string) => app.request('/v1/chat/completions', { method: 'POST', body });
}

const bodyOf = (fields: object, text = '') =>
  JSON.stringify({ model: 'm', ...fields, messages: [{ role: 'user', content: text }] });

describe('gateway.limits', () => {
  test.each(['4KiB', '3MiB'])('body: %s is what comes through, and no byte more', async (body) => {
    const ask = setUp({ body });
    const bytes = body === '4KiB' ? 4096 : 3 * 2 ** 20;
    const filled = (length: number) => bodyOf({}, 'a'.repeat(length - bodyOf({}).length));
    expect(await (await ask(filled(bytes))).json()).toMatchObject({ object: 'chat.completion' });
    expect((await ask(filled(bytes + 1))).status).toBe(413);
  });

  test.each([
    { limits: { text: 10 }, body: bodyOf({}, 'a'.repeat(11)), says: '10 at most' },
    { limits: { replyTokens: 5 }, body: bodyOf({ max_tokens: 6 }, 'a'), says: 'max_tokens' },
    {
      limits: { messages: 1 },
      body: JSON.stringify({ model: 'm', messages: Array(2).fill({ role: 'user', content: 'a' }) }),
      says: 'messages',
    },
  ])('$limits is kept, with the field named', async ({ limits, body, says }) => {
    const reply = await setUp(limits)(body);
    expect(reply.status).toBe(400);
    expect(await reply.text()).toContain(says);
  });

  test('a body that no server takes is refused in the site', () => {
    const fields = (body: string) => ({
      ...{ name: 'lab', gateway: { limits: { body } }, models: [{ id: 'smollm2', engine: 'node' }] },
    });
    expect(() => parseSite(fields('100B'), 'lab.yaml')).toThrow(
      'lab.yaml: gateway.limits.body: write 1KiB or more',
    );
    expect(() => parseSite(fields('2GiB'), 'lab.yaml')).toThrow('gateway.limits.body: write 1GiB or less');
  });
});
