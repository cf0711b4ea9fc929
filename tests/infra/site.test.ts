import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SiteError } from '../../infra/errors.ts';
import { readSite } from '../../infra/read-site.ts';
import { parseSite } from '../../infra/site.ts';

const smallest = { name: 'lab', models: [{ id: 'smollm2', engine: 'node' }] };

/** What is said of the smallest site with `fields` in place of its own. */
function problemsOf(fields: object): readonly string[] {
  try {
    parseSite({ ...smallest, ...fields }, 'lab.yaml');
  } catch (error) {
    return (error as SiteError).problems;
  }
  throw new Error('it was taken');
}

test('two fields are a site', () => {
  const site = parseSite(smallest, 'lab.yaml');
  expect(site).toMatchObject({ setup: 'single-node', gateway: { listen: '127.0.0.1', port: 8780 } });
  expect(site.models[0]).toMatchObject({ engine: 'node', kv: 'f16', replicas: { min: 1, max: 1 } });
});

test.each([
  { fields: { name: 'My Lab' }, says: 'name: write 1 to 40 lower-case letters' },
  { fields: { modles: [] }, says: 'modles: there is no such field' },
  { fields: { gateway: { port: 0 } }, says: 'gateway.port: ' },
  {
    fields: { gateway: { auth: { type: 'bearer', secret: 'sk-123' } } },
    says: 'gateway.auth.secret: write the name of the secret',
  },
  {
    fields: { gateway: { limits: { body: 'big' } } },
    says: "gateway.limits.body: 'big' is no size: write one such as 16GiB",
  },
  {
    fields: { models: [{ id: 'smollm2', engine: 'cpu' }] },
    says: 'models[0].engine: write one of edge, node, gpu, remote',
  },
  {
    fields: { models: [{ id: 'smollm2', engine: 'gpu', gpus: 3 }] },
    says: 'models[0].gpus: write 1, 2, 4 or 8',
  },
  {
    fields: { models: [{ id: 'smollm2', engine: 'edge', gpus: 1 }] },
    says: 'models[0].gpus: there is no such field',
  },
  {
    fields: { models: [{ id: 'x', engine: 'remote', url: 'file:///etc/passwd' }] },
    says: 'models[0].url: write its base URL',
  },
  {
    fields: { models: [{ id: 'smollm2', engine: 'node', replicas: { min: 2, max: 1 } }] },
    says: 'models[0].replicas.min: min is larger than max',
  },
  {
    fields: { routes: [{ model: 'a', to: 7 }] },
    says: 'routes[0].to: write the name of a model, or a list of { model, weight }',
  },
  {
    fields: { routes: [{ model: 'a', to: [{ model: 'b', weight: 0 }] }] },
    says: 'routes[0].to: nobody has a weight above 0',
  },
  {
    fields: { stores: { weights: { kind: 'floppy' } } },
    says: 'stores.weights.kind: write one of directory, pvc, s3, r2',
  },
  { fields: { setup: 'kubernetes' }, says: 'setup: write one of single-node, on-prem, cloud' },
  { fields: { models: undefined }, says: 'models: it is missing: write a list' },
  { fields: { models: ['smollm2'] }, says: 'models[0]: write fields' },
  { fields: { stores: { weights: 'pvc' } }, says: 'stores.weights: write fields' },
  { fields: { gateway: { hosts: ['a b'] } }, says: 'gateway.hosts[0]: write a host name' },
  {
    fields: { models: [{ id: 'smollm2', engine: 'node', cpus: 100 }] },
    says: 'models[0].cpus: write 64 or less',
  },
  { fields: { models: [] }, says: 'models: write 1 or more of them' },
])('names the place and what to write: $says', ({ fields, says }) => {
  const problems = problemsOf(fields);
  expect(problems).toHaveLength(1);
  expect(problems[0]!.startsWith(says), problems[0]).toBe(true);
});

test('names every problem at once, and the file', () => {
  expect(() => parseSite({ name: '', models: [] }, 'lab.yaml')).toThrow(
    /^lab\.yaml: name: .+\nlab\.yaml: models: /,
  );
});

test('sizes are bytes, decimal and binary', () => {
  const capacity = { memory: '1.5GiB', gpuMemory: '24 GB' };
  expect(parseSite({ ...smallest, capacity }, '').capacity).toEqual({
    memory: 1_610_612_736,
    gpuMemory: 24e9,
  });
});

test('is read from YAML, JSON and TypeScript alike', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cria-site-'));
  try {
    const texts = {
      'a.yaml': 'name: lab\nmodels:\n  - { id: smollm2, engine: node }\n',
      'a.json': JSON.stringify(smallest),
      'a.ts': `export default ${JSON.stringify(smallest)} as const;\n`,
    };
    for (const [name, text] of Object.entries(texts)) {
      await writeFile(join(folder, name), text);
      expect(await readSite(join(folder, name)), name).toEqual(parseSite(smallest, ''));
    }
    await writeFile(join(folder, 'b.ts'), 'export const site = {};\n');
    await expect(readSite(join(folder, 'b.ts'))).rejects.toThrow('b.ts: it has no default export');
    await writeFile(join(folder, 'b.yaml'), 'name: [');
    await expect(readSite(join(folder, 'b.yaml'))).rejects.toThrow(SiteError);
    await expect(readSite(join(folder, 'none.yaml'))).rejects.toThrow(/none\.yaml: there is no such file$/);
    await expect(readSite(join(folder, 'a.toml'))).rejects.toThrow('a site is a .yaml, .json or .ts file');
  } finally {
    await rm(folder, { recursive: true });
  }
});
