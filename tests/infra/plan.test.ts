import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { PlanError } from '../../infra/errors.ts';
import { mermaid } from '../../infra/mermaid.ts';
import { catalogueFacts } from '../../infra/model-facts.ts';
import { plan } from '../../infra/plan.ts';
import { planJson } from '../../infra/plan-json.ts';
import { planText } from '../../infra/print-plan.ts';
import { readSite } from '../../infra/read-site.ts';
import { parseSite, type SiteInput } from '../../infra/site.ts';
import { CATALOGUE } from '../../models/catalogue.ts';

const GOLDEN = join(import.meta.dirname, '../golden/sites');
const SITES = ['single-node.yaml', 'on-prem.yaml', 'cloud.ts'];

const planOf = (fields: Partial<SiteInput>) =>
  plan(parseSite({ name: 'lab', models: [{ id: 'smollm2', engine: 'node' }], ...fields }, 'lab.yaml'));

function problemsOf(fields: Partial<SiteInput>): readonly string[] {
  try {
    planOf(fields);
  } catch (error) {
    if (error instanceof PlanError) return error.problems;
    throw error;
  }
  throw new Error('it was planned');
}

describe.each(SITES)('sites/%s', (file) => {
  test('is about 15 lines', async () => {
    const lines = (await readFile(`sites/${file}`, 'utf8')).split('\n');
    expect(lines.filter((line) => !/^\s*(#|\/\*\*|import |$)/.test(line)).length).toBeLessThanOrEqual(18);
  });

  const golden = (ending: string) => join(GOLDEN, `${file.split('.')[0]}.${ending}`);

  test('is planned as it was', async () => {
    const planned = plan(await readSite(`sites/${file}`));
    await expect(planText(planned)).toMatchFileSnapshot(golden('plan.txt'));
    await expect(`${JSON.stringify(planJson(planned), null, 2)}\n`).toMatchFileSnapshot(golden('plan.json'));
    await expect(mermaid(planned)).toMatchFileSnapshot(golden('mmd'));
  });

  test('fits a terminal of 140 columns, notes aside', async () => {
    const lines = planText(plan(await readSite(`sites/${file}`))).split('\n');
    const longest = lines.filter((line) => !/^(note|cost) /.test(line)).map((line) => line.length);
    expect(Math.max(...longest)).toBeLessThanOrEqual(140);
  });
});

test('every model of the catalogue can be planned', () => {
  for (const { name } of CATALOGUE)
    for (const engine of ['edge', 'node'] as const)
      expect(planOf({ models: [{ id: name, engine, kv: 'q8' }] }).workloads[1]!.memory).toBeLessThan(
        2 ** 32 + 2 ** 28,
      );
});

test('memory is weights, the cache of every request, the prefix cache and the process, worked by hand', () => {
  const models = [
    { id: 'llama-3.2-1b-instruct-q4_0', engine: 'edge', context: 4096, concurrency: 3 },
  ] as SiteInput['models'];
  const cache = 4096 * 3 * (2 * 16 * 8 * 64 * 2); // keys and values, layers, heads, numbers, bytes
  expect(planOf({ models }).workloads[1]!.memory).toBe(773_025_920 + cache + 256 * 2 ** 20 + 114e6);
  const q8 = planOf({ models: [{ ...models[0], kv: 'q8' } as SiteInput['models'][number]] }).workloads[1]!
    .model!.need.kv;
  expect(q8 / cache).toBe(17 / 32); // docs/decisions/0007
});

test('a card’s memory is its share of weights and cache, and the images of each request', () => {
  const models = [
    { id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', gpus: 2, context: 8192, concurrency: 4 },
  ] as SiteInput['models'];
  const [, vision] = planOf({ models, images: { gpu: 'sglang' } }).workloads;
  expect(vision!.gpuMemory!.weights).toBe(10_670_220_835);
  expect(vision!.gpuMemory!.kv).toBe((4 * (8192 * 2 * 32 * 8 * 128 * 2 + 2 * 8 * 8 * 128 * 2 * 6404)) / 2);
});

test('a guard beside a model is fetched, weighed, named to its server, and judges for the site', () => {
  const models: SiteInput['models'] = [
    { id: 'smollm2', engine: 'edge', name: 'plain' },
    { id: 'smollm2', engine: 'node', name: 'guarded', guard: 'llama-guard-3-1b-q4_k_m' },
  ];
  const { workloads, fetches, judge } = planOf({ models });
  const [, plain, guarded] = workloads;
  expect(guarded!.env.CRIA_GUARD).toBe('llama-guard-3-1b-q4_k_m');
  expect(guarded!.weights).toEqual(['smollm2-135m-instruct-q4_1', 'llama-guard-3-1b-q4_k_m']);
  expect(fetches.map(({ model }) => model)).toEqual(guarded!.weights);
  expect(guarded!.memory - plain!.memory).toBeGreaterThan(900e6);
  expect(judge).toBe('guarded');
});

test('as many requests at once as fit, up to 8', () => {
  const atOnce = (id: string, kv: 'f16' | 'q8') =>
    planOf({ models: [{ id, engine: 'node', kv }] }).workloads[1]!.model!.concurrency;
  expect(atOnce('smollm2', 'f16')).toBe(8);
  expect(atOnce('llama-3.2-3b-instruct-q4_k_m', 'f16')).toBe(2); // 2.0 GB, and 0.94 GB each
  expect(atOnce('llama-3.2-3b-instruct-q4_k_m', 'q8')).toBe(4);
});

test('models of one id share its route: the first answers, the others are its overflow', () => {
  const models: SiteInput['models'] = [
    { id: 'smollm2', engine: 'edge', name: 'one' },
    { id: 'smollm2', engine: 'node', name: 'two' },
  ];
  expect(planOf({ models }).routes).toEqual([
    { model: catalogueFacts('smollm2').id, to: [{ backend: 'one', weight: 1 }], overflow: ['two'] },
  ]);
});

test.each([
  { fields: {}, says: [] },
  { fields: { setup: 'on-prem' }, says: [/^image cria:\S+ lies in no registry: push it to one of yours/] },
  { fields: { images: { cria: 'r/cria:1' } }, says: [/^image r\/cria:1 is named by a tag/] },
  { fields: { images: { cria: 'r/cria@sha256:0' } }, says: [] },
  {
    fields: { setup: 'cloud', gateway: { limits: { body: '8MiB' } } },
    says: [/^gateway\.limits\.body: AWS gives a function 6 MB/],
  },
  {
    fields: { setup: 'cloud', gateway: { hosts: ['llm.example.com'] } },
    says: [/^gateway\.hosts: CloudFront answers to its own name alone until cloud\.certificate/],
  },
  {
    fields: {
      models: [
        { id: 'smollm2', engine: 'node', name: 'a' },
        { id: 'smollm2', engine: 'node', name: 'b', replicas: { min: 0, max: 1 } },
      ],
      routes: [{ model: 'a', to: 'a' }],
    },
    says: [/^b: no route leads to it/, /^b: runs always/],
  },
  {
    fields: {
      setup: 'on-prem',
      images: { cria: 'c@sha256:0', gpu: 'g@sha256:0' },
      models: [
        { id: 'smollm2', engine: 'node' },
        { id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', name: 'v', replicas: { min: 2, max: 3 } },
      ],
    },
    says: [/^v: runs 2 times, never 3: Kubernetes does not measure cards/],
  },
] satisfies { fields: Partial<SiteInput>; says: RegExp[] }[])('notes of $fields', ({ fields, says }) => {
  expect(planOf(fields).notes).toEqual(says.map((one) => expect.stringMatching(one)));
});

test('bearer keys are asked for wherever other machines can come in', () => {
  const auth = (fields: Partial<SiteInput>) => planOf(fields).gateway.env.CRIA_AUTH;
  expect(auth({})).toBe('none');
  expect(auth({ gateway: { listen: '0.0.0.0' } })).toBe('bearer');
  expect(auth({ setup: 'on-prem' })).toBe('bearer');
  expect(planOf({ setup: 'on-prem' }).secrets).toEqual(['CRIA_KEYS']);
});

test.each([
  {
    what: 'a model that the WebAssembly memory cannot hold',
    fields: { models: [{ id: 'llama-3.2-3b-instruct-q4_k_m', engine: 'edge', concurrency: 8 }] },
    says: /^models\[0\]: .+ needs 9\.2 GiB \(weights 1\.9 GiB, keys and values 7\.0 GiB, .+ which has 4\.0 GiB; lower context \(8192\), concurrency \(8\) or prefixCache/,
  },
  {
    what: 'a model that a card cannot hold',
    fields: {
      images: { gpu: 'sglang' },
      capacity: { gpuMemory: '24GB' },
      models: [{ id: 'llama-3.2-11b-vision-instruct', engine: 'gpu' }],
    },
    says: /^models\[0\]: .+ needs 32\.2 GiB .+ a card has 22\.4 GiB \(capacity\.gpuMemory\): set gpus: 2, or lower/,
  },
  {
    what: 'a model that no machine of the table can hold',
    fields: {
      setup: 'cloud',
      images: { gpu: 'sglang' },
      models: [{ id: 'llama-3.2-90b-vision-instruct', engine: 'gpu' }],
    },
    says: /^models\[0\]: .+ needs 191\.7 GiB .+ on each of 1: no instance of the price table has that: set gpus: 4 \(g7e\.24xlarge, \$16\.57 an hour\), or lower context \(8192\) or concurrency \(8\), or set quantisation: fp8$/,
  },
  {
    what: 'more memory than there is',
    fields: { capacity: { memory: '1GiB' } },
    says: /^capacity\.memory: 2\.0 GiB is needed and there is 1\.0 GiB \(gateway 128 MiB, /,
  },
  {
    what: 'cards that are not there',
    fields: {
      capacity: { gpus: 1 },
      images: { gpu: 'x' },
      models: [{ id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', gpus: 2 }],
    },
    says: /^capacity\.gpus: 2 are needed and there is 1/,
  },
  {
    what: 'more than the budget',
    fields: {
      setup: 'cloud',
      budget: { monthly: 1000 },
      images: { gpu: 'x' },
      models: [{ id: 'llama-3.2-11b-vision-instruct', engine: 'gpu' }],
    },
    says: /^budget\.monthly: \$1459\.86 a month at most, and the budget is \$1000\.00/,
  },
  {
    what: 'a model nobody knows',
    fields: { models: [{ id: 'gpt-9', engine: 'node' }] },
    says: /^models\[0\]\.id: the catalogue has no model 'gpt-9'; it has smollm2/,
  },
  {
    what: 'a guard that is none',
    fields: { models: [{ id: 'smollm2', engine: 'node', guard: 'llama3.2:1b-instruct-q4_0' }] },
    says: /^models\[0\]: guard: llama-3\.2-1b-instruct-q4_0 is no Llama Guard/,
  },
  {
    what: 'a name that Kubernetes has already',
    fields: { models: [{ id: 'smollm2', engine: 'node', name: 'deny-all' }] },
    says: /^models\[0\]\.name: 'deny-all' is a name of Cria's own/,
  },
  {
    what: 'an id that makes no name',
    fields: { models: [{ id: '3b', engine: 'remote', url: 'https://llm.example.com/v1' }] },
    says: /^models\[0\]\.id: '3b' makes no name: write one/,
  },
  {
    what: 'two of one name',
    fields: {
      models: [
        { id: 'smollm2', engine: 'node' },
        { id: 'smollm2', engine: 'edge' },
      ],
    },
    says: /^models\[1\]\.name: .+ is models\[0\] already/,
  },
  {
    what: 'a route to nowhere',
    fields: { routes: [{ model: 'm', to: 'nobody' }] },
    says: /^routes\[0\]\.to\[0\]\.model: there is no model 'nobody'/,
  },
  {
    what: 'no keys for other machines',
    fields: { gateway: { listen: '0.0.0.0', auth: { type: 'none' } } },
    says: /^gateway\.auth: 0\.0\.0\.0 lets other machines in/,
  },
  {
    what: 'a port twice',
    fields: { gateway: { port: 8801 } },
    says: /^port 8801 is gateway's and smollm2-.+'s: give one of them another/,
  },
  {
    what: 'replicas on one machine',
    fields: { models: [{ id: 'smollm2', engine: 'node', replicas: 2 }] },
    says: /^models\[0\]: replicas is up to 2/,
  },
] as { what: string; fields: Partial<SiteInput>; says: RegExp }[])('refuses $what', ({ fields, says }) => {
  expect(problemsOf(fields)).toEqual([expect.stringMatching(says)]);
});

describe('cria plan', () => {
  const cria = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['models/cli/cria.ts', ...args]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );

  test('prints the table, the JSON and the picture', async () => {
    expect((await cria('plan', 'sites/single-node.yaml')).stdout).toContain('smollm2-edge  workerd');
    expect(JSON.parse((await cria('plan', 'sites/cloud.ts', '--json')).stdout)).toMatchObject({
      setup: 'cloud',
    });
    expect((await cria('plan', 'sites/on-prem.yaml', '--mermaid')).stdout).toMatch(/^flowchart LR\n/);
  });

  test('exits with 1 and the file’s name where it cannot be, 2 where it is used wrongly', async () => {
    expect(await cria('plan', 'none.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('none.yaml: there is no such file'),
    });
    expect(await cria('plan')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('plan takes one site file, not 0'),
    });
    expect(await cria('plan', '--wrong', 'x')).toMatchObject({
      code: 2,
      stderr: "error: Unknown option '--wrong': see 'cria plan --help'\n",
    });
  });
});
