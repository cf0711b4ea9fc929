/** What must hold for every emitter: nothing of the plan is lost. And each one's golden files. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { PlanError } from '../../infra/errors.ts';
import { type Plan, plan } from '../../infra/plan.ts';
import { readSite } from '../../infra/read-site.ts';
import { parseSite } from '../../infra/site.ts';
import { EMITTERS } from '../../infra/targets.ts';
import { nothingIsLost } from './nothing-is-lost.ts';

const GOLDEN = join(import.meta.dirname, '../golden/sites');
const SITES = ['single-node.yaml', 'on-prem.yaml', 'cloud.ts'];
const CASES = [
  ...SITES.flatMap((site) => ['compose', 'quadlet'].map((target) => ({ site, target }))),
  { site: 'single-node.yaml', target: 'systemd' },
  { site: 'single-node.yaml', target: 'kubernetes' },
  { site: 'on-prem.yaml', target: 'kubernetes' },
];

test('every target is in the cases', () => {
  expect(new Set(CASES.map(({ target }) => target))).toEqual(new Set(Object.keys(EMITTERS)));
});

const planOf = async (site: string): Promise<Plan> => plan(await readSite(`sites/${site}`));
const emit = (target: string, planned: Plan) => EMITTERS[target]!(planned, '/opt/cria');

describe.each(CASES)('$target of sites/$site', ({ site, target }) => {
  test('is what it was', async () => {
    for (const { path, text } of emit(target, await planOf(site)))
      await expect(text).toMatchFileSnapshot(join(GOLDEN, site.split('.')[0]!, target, path));
  });

  test('has every workload, port, variable, secret, volume, route and image of the plan', async () => {
    const planned = await planOf(site);
    const text = emit(target, planned)
      .map((file) => file.path + file.text)
      .join('\n');
    nothingIsLost(planned, { text, inContainers: target !== 'systemd' });
  });
});

test.each(Object.keys(EMITTERS))(
  '%s has all that a site may say of its gateway and its servers',
  (target) => {
    const planned = plan(
      parseSite(
        {
          name: 'lab',
          gateway: {
            auth: { type: 'bearer', secret: 'LAB_KEYS' },
            limits: { body: '4MiB', text: 9000, messages: 9, images: 2, replyTokens: 900, concurrency: 3 },
            cors: ['https://app.example.org', '*'],
            imageHosts: ['cdn.example.com'],
            proxies: 2,
          },
          models: [
            { id: 'smollm2', engine: 'node', name: 'near' },
            { id: 'smollm2', engine: 'edge', name: 'small' },
            { id: 'x', engine: 'remote', name: 'other', url: 'http://x.models.svc/v1', secret: 'THEIR_KEY' },
          ],
          observability: {
            metrics: 'open',
            slowSeconds: 7,
            tracing: { endpoint: 'http://collector:4318', sample: 0.25, headers: 'OTLP_HEADERS' },
          },
        },
        'lab.yaml',
      ),
    );
    const text = emit(target, planned)
      .map((file) => file.path + file.text)
      .join('\n');
    nothingIsLost(planned, { text, inContainers: target !== 'systemd' });
    for (const value of ['https://app.example.org,*', 'cdn.example.com', 'http://collector:4318', '0.25'])
      expect(text).toContain(value);
    if (target !== 'systemd') for (const secret of planned.secrets) expect(text).toContain(secret);
  },
);

test.each(['on-prem.yaml', 'cloud.ts'])('systemd refuses the container that sites/%s needs', async (site) => {
  const planned = await planOf(site);
  expect(() => emit('systemd', planned)).toThrow(PlanError);
});

describe('cria emit', () => {
  const cria = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['models/cli/cria.ts', 'emit', ...args]).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );

  test('writes the files, and says which', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cria-emit-'));
    try {
      const { code, stdout } = await cria(
        'sites/single-node.yaml',
        '--target',
        'quadlet',
        '--out',
        join(folder, 'new'),
      );
      expect(code).toBe(0);
      const written = await readdir(join(folder, 'new'));
      expect(stdout.trim().split('\n').sort()).toEqual(
        written.map((name) => join(folder, 'new', name)).sort(),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    {
      args: ['sites/single-node.yaml', '--out', 'x'],
      says: 'emit needs --target, one of compose, systemd, quadlet, kubernetes',
    },
    { args: ['sites/single-node.yaml', '--target', 'toString', '--out', 'x'], says: 'emit needs --target' },
    { args: ['sites/single-node.yaml', '--target', 'compose'], says: 'emit needs --out' },
  ])('exits with 2: $says', async ({ args, says }) => {
    expect(await cria(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
  });
});
