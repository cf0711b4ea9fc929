import { expect, test } from 'vitest';
import { Routes } from '../../app/gateway/schema.ts';
import { gatewayRoutes } from '../../infra/gateway-routes.ts';
import { plan } from '../../infra/plan.ts';
import { readSite } from '../../infra/read-site.ts';

test.each(['single-node.yaml', 'on-prem.yaml', 'kserve.yaml', 'cloud.ts'])(
  'the gateway takes what sites/%s tells it',
  async (file) => {
    const routes = gatewayRoutes(plan(await readSite(`sites/${file}`)), ({ name }) => name);
    expect(Routes.parse(routes)).toEqual(routes);
  },
);

test('says where each model is, under which name and with which key', async () => {
  const { backends, routes, keeper } = gatewayRoutes(plan(await readSite('sites/cloud.ts')), () => 'host');
  expect(backends.map(({ name, url, key }) => [name, url, key])).toEqual([
    ['small', 'http://host:8801/v1', undefined],
    ['vision', 'http://host:8802/v1', undefined],
    ['elsewhere', 'https://llm.example.com/v1', 'THEIR_KEY'],
  ]);
  expect(routes[0]).toMatchObject({ model: 'llama-3.2-1b', overflow: ['elsewhere'], contextLength: 8192 });
  expect(keeper).toBe('small');
});
