import { describe, expect, test } from 'vitest';
import { plan } from '../../infra/plan.ts';
import { parseSite, type SiteInput } from '../../infra/site.ts';
import { GatewayEnv } from '../../lambda/gateway-env.ts';

const gatewayOf = (fields: Partial<SiteInput>) =>
  plan(parseSite({ name: 'lab', models: [{ id: 'smollm2', engine: 'node' }], ...fields }, 'lab.yaml'))
    .gateway;
const KEYED = { listen: '0.0.0.0' } as const;

test('pages of these origins may ask', () => {
  const cors = ['https://app.example.org', 'http://localhost:3000'];
  const { CRIA_CORS } = gatewayOf({ gateway: { cors } }).env;
  expect(GatewayEnv.shape.CRIA_CORS.parse(CRIA_CORS)).toEqual(cors);
  expect(gatewayOf({}).env).not.toHaveProperty('CRIA_CORS');
  expect(() => gatewayOf({ gateway: { cors: ['app.example.org'] } })).toThrow(
    'lab.yaml: gateway.cors[0]: write an origin',
  );
});

test('images of these hosts may be fetched', () => {
  const imageHosts = ['images.example.com', 'cdn.example.com'];
  const { CRIA_IMAGE_HOSTS } = gatewayOf({ gateway: { imageHosts } }).env;
  expect(GatewayEnv.shape.CRIA_IMAGE_HOSTS.parse(CRIA_IMAGE_HOSTS)).toEqual(imageHosts);
  expect(() => gatewayOf({ gateway: { imageHosts: ['https://cdn'] } })).toThrow(
    'lab.yaml: gateway.imageHosts[0]: write a host name',
  );
});

test.each([
  { what: 'one machine', fields: {}, proxies: undefined },
  { what: 'one machine behind a proxy', fields: { gateway: { proxies: 1 } }, proxies: '1' },
  { what: 'Kubernetes, whose Gateway is one', fields: { setup: 'on-prem' }, proxies: '1' },
  { what: 'AWS: CloudFront', fields: { setup: 'cloud' }, proxies: '1' },
  {
    what: 'AWS: another, CloudFront and the balancer',
    fields: { setup: 'cloud', cloud: { frontDoor: 'container' }, gateway: { proxies: 1 } },
    proxies: '3',
  },
] satisfies { what: string; fields: Partial<SiteInput>; proxies: string | undefined }[])(
  'who asked is believed as far as proxies reach: $what',
  ({ fields, proxies }) => {
    expect(gatewayOf(fields).env.CRIA_PROXIES).toBe(proxies);
  },
);

describe('the metrics of the gateway', () => {
  test.each([
    { what: 'need a key where others do', fields: { gateway: KEYED }, open: false },
    {
      what: 'are open to a ServiceMonitor',
      fields: { gateway: KEYED, observability: { serviceMonitor: true } },
      open: true,
    },
    {
      what: 'are open where the site says so',
      fields: { gateway: KEYED, observability: { metrics: 'open' } },
      open: true,
    },
    {
      what: 'have no key to need where nobody has',
      fields: { observability: { metrics: 'open' } },
      open: false,
    },
  ] satisfies { what: string; fields: Partial<SiteInput>; open: boolean }[])('$what', ({ fields, open }) => {
    expect(gatewayOf(fields).env.CRIA_METRICS).toBe(open ? 'open' : undefined);
  });

  test.each([
    { fields: { observability: { metrics: 'key' } }, says: 'key, and there are none' },
    {
      fields: { gateway: KEYED, observability: { metrics: 'key', serviceMonitor: true } },
      says: 'a ServiceMonitor brings no key',
    },
  ] satisfies { fields: Partial<SiteInput>; says: string }[])('cannot be: $says', ({ fields, says }) => {
    expect(() => gatewayOf(fields)).toThrow(`observability.metrics: ${says}`);
  });
});

test('a request is slow from where the site says, in the logs of servers', () => {
  const site = {
    name: 'lab',
    models: [{ id: 'smollm2', engine: 'edge' }],
    observability: { slowSeconds: 5 },
  };
  const { workloads } = plan(parseSite(site, 'lab.yaml'));
  expect(workloads.map(({ env }) => env.CRIA_SLOW)).toEqual([undefined, '5']);
});
