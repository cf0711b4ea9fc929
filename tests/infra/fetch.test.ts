/** Weights from a bucket: what the plan says of it, and that every place asks for them with the keys it names. */
import { describe, expect, test } from 'vitest';
import { plan } from '../../infra/plan.ts';
import { parseSite, type SiteInput } from '../../infra/site.ts';
import { EMITTERS } from '../../infra/targets.ts';

const VERSION = 'ab'.repeat(32);
const ACCOUNT = '0123456789abcdef0123456789abcdef';
const S3 = { kind: 's3', bucket: 'weights', prefix: 'team/a', region: 'eu-west-1' } as const;
const R2 = { kind: 'r2', account: ACCOUNT, bucket: 'weights' } as const;

const planOf = (fields: Partial<SiteInput>) =>
  plan(parseSite({ name: 'lab', models: [{ id: 'smollm2', engine: 'node' }], ...fields }, 'site.yaml'));

describe('plan()', () => {
  test.each([
    {
      weights: S3,
      from: 's3://weights/team/a',
      env: { AWS_REGION: 'eu-west-1' },
      secrets: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    },
    {
      weights: R2,
      from: `r2://${ACCOUNT}/weights`,
      env: {},
      secrets: ['R2_ACCESS_KEY_ID', 'R2_SECRET_ACCESS_KEY'],
    },
  ])('fetches from $from', ({ weights, from, env, secrets }) => {
    const planned = planOf({ stores: { weights } });
    const [fetch] = planned.fetches;
    expect(fetch!.argv.slice(2)).toEqual(['pull', 'smollm2-135m-instruct-q4_1', '--from', from]);
    expect(fetch!.env).toEqual(env);
    expect(planned.secrets).toEqual(secrets);
  });

  test('in the cloud by the task’s role, and from the hub while the bucket is empty', () => {
    const planned = planOf({ setup: 'cloud', stores: { weights: S3 } });
    expect(planned.fetches[0]!.argv.slice(-1)).toEqual(['--or-hub']);
    expect(planned.fetches[0]!.secrets).toEqual([]);
  });

  test('names the version that a model asks for', () => {
    const models = [{ id: 'smollm2', engine: 'node', version: VERSION }] as const;
    const [fetch] = planOf({ stores: { weights: S3 }, models: [...models] }).fetches;
    expect(fetch!.argv.slice(-2)).toEqual(['--version', VERSION]);
    expect(() => planOf({ models: [...models] })).toThrow(
      'models[0].version: only what was published has versions: write stores.weights of kind s3 or r2',
    );
    const other = { id: 'smollm2', engine: 'node', name: 'other', version: 'cd'.repeat(32) } as const;
    expect(() => planOf({ stores: { weights: S3 }, models: [...models, other] })).toThrow(
      'models[1].version: smollm2-135m-instruct-q4_1 is wanted in two versions',
    );
  });

  test.each([
    { weights: { kind: 'r2', bucket: 'weights' }, says: 'stores.weights.account' },
    { weights: { ...S3, endpoint: 'minio:9000' }, says: 'write its URL, https://host:9000' },
    { weights: { ...S3, prefix: '/a/' }, says: 'write it without a slash before and behind' },
    { weights: { ...S3, bucket: 'Weights' }, says: 'write 3 to 63 lower-case letters' },
  ])('refuses $weights', ({ weights, says }) => {
    expect(() => planOf({ stores: { weights } as never })).toThrow(says);
  });
});

describe.each(Object.keys(EMITTERS))('%s', (target) => {
  test.each([
    { name: 's3', weights: { ...S3, endpoint: 'https://minio.example.com:9000' } },
    { name: 'r2', weights: R2 },
  ])('has the store, its keys by name and its region: $name', ({ weights }) => {
    const planned = planOf({ stores: { weights } });
    const text = EMITTERS[target]!(planned, '/opt/cria')
      .map((file) => file.text)
      .join('\n');
    const [{ argv, env, secrets }] = planned.fetches as [(typeof planned.fetches)[number]];
    for (const what of [...argv.slice(1), ...Object.values(env)]) expect(text).toContain(what);
    if (target === 'systemd')
      expect(text).toContain('EnvironmentFile=/etc/cria/lab.env'); // where secrets are
    else for (const { env: key } of secrets) expect(text).toContain(key);
  });
});
