import { describe, expect, test } from 'vitest';
import { plan } from '../../infra/plan.ts';
import { planText } from '../../infra/print-plan.ts';
import { parseSite, type SiteInput } from '../../infra/site.ts';

const ENDPOINT = 'http://collector.monitoring.svc:4318';
const MODELS: SiteInput['models'] = [
  { id: 'smollm2', engine: 'node', name: 'near' },
  { id: 'smollm2', engine: 'edge', name: 'small' },
  { id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', name: 'vision' },
];
type Tracing = NonNullable<NonNullable<SiteInput['observability']>['tracing']>;
const planOf = (tracing: Partial<Tracing>, fields: Partial<SiteInput> = {}) =>
  plan(
    parseSite(
      {
        name: 'lab',
        setup: 'on-prem',
        images: { gpu: 'sglang' },
        models: MODELS,
        observability: { tracing: { endpoint: ENDPOINT, ...tracing } },
        ...fields,
      },
      'lab.yaml',
    ),
  );
const endpoints = ({ workloads }: ReturnType<typeof plan>) =>
  Object.fromEntries(workloads.map(({ name, env }) => [name, env.OTEL_EXPORTER_OTLP_ENDPOINT]));

describe('observability.tracing', () => {
  test('is told to those that have an exporter, and the plan says who has none', () => {
    const planned = planOf({});
    expect(endpoints(planned)).toEqual({
      gateway: ENDPOINT,
      near: ENDPOINT,
      small: undefined,
      vision: undefined,
    });
    expect(planned.notes).toEqual(
      expect.arrayContaining([
        'small sends no spans: workerd has no exporter',
        expect.stringContaining('vision sends no spans: SGLang'),
      ]),
    );
    expect(planText(planned)).toContain(`traced to ${ENDPOINT}, 100 % of what gateway, near answer`);
  });

  test('a share, and headers from a secret, are OpenTelemetry’s own variables', () => {
    const { gateway, secrets } = planOf({ sample: 0.1, headers: 'OTLP_HEADERS' });
    expect(gateway.env).toMatchObject({
      OTEL_SERVICE_NAME: 'cria-lab-gateway',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    });
    expect(gateway.secrets).toContainEqual({ env: 'OTEL_EXPORTER_OTLP_HEADERS', secret: 'OTLP_HEADERS' });
    expect(secrets).toContain('OTLP_HEADERS');
  });

  test('a function has no exporter, and would not start if it were told to', () => {
    const inCloud = (frontDoor: 'web-function' | 'function-url' | 'container') =>
      planOf({}, { setup: 'cloud', cloud: { frontDoor } });
    expect(endpoints(inCloud('container')).gateway).toBe(ENDPOINT);
    for (const door of ['web-function', 'function-url'] as const) {
      const planned = inCloud(door);
      expect(endpoints(planned)).toMatchObject({ gateway: undefined, near: ENDPOINT });
      expect(planned.notes).toContain(
        'gateway sends no spans: a function has no exporter: write cloud.frontDoor: container',
      );
    }
  });

  test.each([
    { tracing: { endpoint: 'collector:4318' }, says: "endpoint: write the collector's URL" },
    { tracing: { endpoint: 'https://key@host' }, says: 'endpoint: a key is a secret: write its name' },
    { tracing: { headers: 'authorization=abc' }, says: 'headers: write the name of the secret' },
    { tracing: { sample: 2 }, says: 'sample: ' },
  ])('$tracing is refused', ({ tracing, says }) => {
    expect(() => planOf(tracing)).toThrow(`lab.yaml: observability.tracing.${says}`);
  });
});
