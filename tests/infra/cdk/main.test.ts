/** The app as the CDK's command line starts it, with no network at all where the machine can take it away. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** A namespace without a network. Elsewhere proxies that lead nowhere stand for it, which only well-behaved clients heed. */
const canCutOff = spawnSync('unshare', ['-rn', 'true']).status === 0;
const NOWHERE = 'http://127.0.0.1:9';

interface Synth {
  readonly code: number;
  readonly stderr: string;
}

function synth(context: Record<string, string>, outdir: string): Promise<Synth> {
  const [file, ...args] = [...(canCutOff ? ['unshare', '-rn'] : []), process.execPath, 'infra/cdk/main.ts'];
  const env = {
    ...process.env,
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_OUTDIR: outdir,
    CDK_CONTEXT_JSON: JSON.stringify(context),
  };
  return promisify(execFile)(file!, args, { env }).then(
    () => ({ code: 0, stderr: '' }),
    ({ code, stderr }) => ({ code, stderr }),
  );
}

test('writes the template of the site and stage that it is given, with the network cut off', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cria-cdk-'));
  const bundles = join(folder.path, 'bundles');
  await mkdir(join(bundles, 'gateway'), { recursive: true });
  await writeFile(join(bundles, 'gateway/index.mjs'), 'export {};\n');
  const outdir = join(folder.path, 'out');

  expect(await synth({ site: 'sites/cloud.ts', stage: 'prod', bundles }, outdir)).toEqual({
    code: 0,
    stderr: '',
  });
  const template = JSON.parse(await readFile(join(outdir, 'cria-cloud-prod.template.json'), 'utf8'));
  expect(template.Description).toBe('Cria: the site cloud, prod');
  const { missing } = JSON.parse(await readFile(join(outdir, 'manifest.json'), 'utf8'));
  expect(missing).toBeUndefined(); // nothing was left to be looked up in an account
}, 180_000);

test.each([
  { context: { stage: 'test' }, says: "there is no stage 'test': write -c stage=dev or -c stage=prod\n" },
  { context: { site: 'sites/on-prem.yaml' }, says: 'setup: it is on-prem, and CDK is for cloud\n' },
])('$context: says what is wrong, without a stack', async ({ context, says }) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cria-cdk-'));
  expect(await synth(context as Record<string, string>, folder.path)).toEqual({ code: 1, stderr: says });
});
