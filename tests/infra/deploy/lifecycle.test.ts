/**
 * A site from an empty account to an answer and back to nothing, by the `cdk` that users run. What is deployed is what
 * is started: the bundle as the account has it, with the variables that the stack gave it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ORIGIN_HEADER } from '../../../app/gateway/origin-secret.ts';
import type { SiteInput } from '../../../infra/site.ts';
import { buildAll } from '../../../scripts/build.ts';
import { withSecrets } from '../../support/fake-aws/cloudformation/dynamic-references.ts';
import type { StackResource } from '../../support/fake-aws/cloudformation/stack.ts';
import { type FakeAws, fakeAws } from '../../support/fake-aws/fake-aws.ts';
import { type FakeHub, fakeHub } from '../../support/fake-hub.ts';
import { unzip } from '../../support/unzip.ts';
import { type CdkResult, runCdk } from './cdk.ts';

const STACK = 'cria-lab-dev';
const MODEL = 'smollm2';
const TIME = { timeout: 300_000 };

let aws: FakeAws;
let backend: FakeHub;
let folder: string;

const at = (name: string) => join(folder, name);
const cdk = (...args: string[]): Promise<CdkResult> => runCdk(aws.environment, folder, args);
const deploy = (app: string) => cdk('deploy', '--app', at(app), '--require-approval', 'never');

const site = (others: Partial<SiteInput> = {}): SiteInput => ({
  name: 'lab',
  setup: 'cloud',
  images: {
    cria: 'registry.example.com/cria:0.1.0',
    gpu: `lmsysorg/sglang@sha256:${'0'.repeat(64)}`,
  },
  budget: { monthly: 5000 },
  stores: { weights: { kind: 's3', bucket: 'lab-weights' } },
  models: [
    { engine: 'remote', id: MODEL, name: 'elsewhere', url: `${backend.url}/v1`, secret: 'ELSEWHERE_KEY' },
    { engine: 'gpu', id: 'llama-3.2-11b-vision-instruct', name: 'vision', replicas: { min: 0, max: 1 } },
  ],
  ...others,
});

/** A command that makes templates, which stay in `app`: the app is the one of cdk.json. */
async function cdkWithSite(command: readonly string[], app: string, input: SiteInput): Promise<CdkResult> {
  await writeFile(at(`${app}.json`), JSON.stringify(input));
  const context = [`site=${at(`${app}.json`)}`, `bundles=${at('dist/lambda')}`];
  return cdk(...command, '--output', at(app), ...context.flatMap((pair) => ['--context', pair]));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cria-deploy-'));
  await buildAll(at('dist'));
  backend = await fakeHub(({ url, headers }, response) => {
    const allowed = headers.authorization === 'Bearer of-elsewhere';
    response.writeHead(allowed ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(url?.endsWith('/chat/completions') ? REPLY : { status: 'OK' }));
  });
  aws = await fakeAws();
  aws.secrets.put(
    'arn:aws:secretsmanager:us-east-1:000000000000:secret:cria/lab/dev/ELSEWHERE_KEY',
    'of-elsewhere',
  );
});
afterAll(async () => {
  await aws[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const REPLY = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_727_222_400,
  model: MODEL,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'From elsewhere.' },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
};

describe('from an empty account', () => {
  test('cdk synth writes the templates and looks nothing up', TIME, async () => {
    const { code, output } = await cdkWithSite(['synth', '--quiet'], 'first', site());
    expect(code, output).toBe(0);
    expect(aws.calls).toEqual([]);
  });

  test('cdk bootstrap prepares it', TIME, async () => {
    const { code, output } = await cdk('bootstrap', 'aws://000000000000/us-east-1', '--app', at('first'));
    expect(code, output).toBe(0);
    expect(aws.stack('CDKToolkit').status).toBe('CREATE_COMPLETE');
  });

  test(
    'a first deploy that fails leaves nothing behind, and nothing in the way of the next',
    TIME,
    async () => {
      const template = JSON.parse(await readFile(at(`first/${STACK}.template.json`), 'utf8'));
      const last = Object.keys(template.Resources).find((id) => id.startsWith('Distribution'))!;
      aws.failOnce('create', last, 'the quota of distributions is reached');
      const { code, output } = await deploy('first');
      expect(code).toBe(1);
      expect(output).toContain('the quota of distributions is reached');
      expect(aws.stack(STACK).status).toBe('ROLLBACK_COMPLETE');
      expect(aws.s3.has('lab-weights-dev')).toBe(false);
    },
  );

  test('cdk deploy makes every resource, and says where the API is', TIME, async () => {
    const { code, output } = await deploy('first');
    expect(code, output).toBe(0);
    const stack = aws.stack(STACK);
    expect(stack.status).toBe('CREATE_COMPLETE');
    const template = JSON.parse(await readFile(at(`first/${STACK}.template.json`), 'utf8'));
    expect([...stack.resources.keys()].sort()).toEqual(Object.keys(template.Resources).sort());
    expect(output).toMatch(/\.Api = https:\/\/\S+\/v1/);
  });
});

interface WebFunctionRevision {
  readonly properties: {
    readonly BuildConfig: {
      readonly CodeConfig: { readonly S3Object: { readonly Bucket: string; readonly Key: string } };
    };
    readonly ServiceConfig: { readonly EnvironmentVariables: Readonly<Record<string, string>> };
  };
}

interface Distribution {
  readonly DistributionConfig: {
    readonly Origins: readonly {
      readonly OriginCustomHeaders: readonly { readonly HeaderName: string; readonly HeaderValue: string }[];
    }[];
  };
}

describe('what was deployed', () => {
  let gateway: ChildProcess | undefined;
  let url: string;
  let key: string;
  const logged: string[] = [];

  /** The only one of its type. */
  function resource(type: string): StackResource {
    const found = [...aws.stack(STACK).resources.values()].filter((one) => one.type === type);
    expect(found).toHaveLength(1);
    return found[0]!;
  }

  const idOf = (logicalId: string): string =>
    [...aws.stack(STACK).resources.values()].find((one) => one.logicalId.startsWith(logicalId))!.physicalId;

  /** What CloudFront adds to a request on its way to the function. */
  let origin: Readonly<Record<string, string>>;

  const chat = (model: string, bearer: string, added = origin) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}`, ...added },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Where are you?' }] }),
    });

  beforeAll(async () => {
    const { properties } = resource('AWS::Lambda::WebFunctionRevision') as unknown as WebFunctionRevision;
    const { Bucket, Key } = properties.BuildConfig.CodeConfig.S3Object;
    for (const [name, bytes] of unzip(aws.s3.get(Bucket, Key).bytes)) await writeFile(at(name), bytes);
    gateway = spawn(process.execPath, [at('index.mjs')], {
      cwd: folder,
      env: {
        ...aws.environment,
        ...properties.ServiceConfig.EnvironmentVariables,
        AWS_LAMBDA_HTTP_ENDPOINT: '127.0.0.1:0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(gateway, 'exit').then(([code]) => {
      throw new Error(`the gateway ended with ${code}`);
    });
    const output = createInterface({ input: gateway.stdout! }).on('line', (line) => logged.push(line));
    const [line] = (await Promise.race([once(output, 'line'), exited])) as [string];
    exited.catch(() => {}); // when the tests are done
    url = (JSON.parse(line) as { url: string }).url;
    key = aws.secrets.get(idOf('CRIAKEYS')).value;
    const { properties: front } = resource('AWS::CloudFront::Distribution');
    const { DistributionConfig } = withSecrets(front, aws.secrets) as unknown as Distribution;
    origin = Object.fromEntries(
      DistributionConfig.Origins[0]!.OriginCustomHeaders.map((one) => [one.HeaderName, one.HeaderValue]),
    );
  });
  afterAll(async () => {
    if (!gateway) return; // the test before says why
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
  });

  test('answers who has the key that the account made', async () => {
    const reply = await chat(MODEL, key);
    expect(reply.status, await reply.clone().text()).toBe(200);
    expect(reply.headers.get('x-cria-backend')).toBe('elsewhere');
    expect(((await reply.json()) as typeof REPLY).choices[0]!.message.content).toBe('From elsewhere.');
  });

  test('answers nobody else', async () => {
    expect((await chat(MODEL, `${key}x`)).status).toBe(401);
  });

  test('answers nobody who goes round CloudFront, whatever key he has', async () => {
    expect(Object.keys(origin)).toEqual([ORIGIN_HEADER]);
    expect(origin[ORIGIN_HEADER]).toBe(aws.secrets.get(idOf('GatewayOriginSecret')).value);
    for (const added of [{}, { [ORIGIN_HEADER]: key }]) {
      const reply = await chat(MODEL, key, added);
      expect([reply.status, (await reply.json()).error.code]).toEqual([403, 'direct_access']);
    }
    const { templateText, events, outputs } = aws.stack(STACK);
    for (const told of [templateText, events, outputs, logged])
      expect(JSON.stringify(told)).not.toContain(origin[ORIGIN_HEADER]);
  });

  test('starts the service of a model that sleeps, and says when to come back', async () => {
    const { properties, physicalId } = resource('AWS::ECS::Service');
    const service = aws.ecs.get(String(properties.Cluster), physicalId);
    expect(service.desiredCount).toBe(0);
    const reply = await chat('meta-llama/Llama-3.2-11B-Vision-Instruct', key);
    expect([reply.status, Number(reply.headers.get('retry-after')) > 0]).toEqual([503, true]);
    expect(service.desiredCount).toBe(1);
  });
});

describe('a stack that stands', () => {
  let changed: readonly string[];

  test('is left alone where nothing changed', TIME, async () => {
    const calls = aws.calls.length;
    const { code, output } = await deploy('first');
    expect(code, output).toBe(0);
    expect(output).toContain(`${STACK} (no changes)`);
    expect(aws.calls.slice(calls).filter((call) => /ExecuteChangeSet|PUT/.test(call))).toEqual([]);
  });

  test('shows what a change would do', TIME, async () => {
    const before = new Map(aws.stack(STACK).resources);
    const limits = { timeoutSeconds: 120 };
    const { code, output } = await cdkWithSite(['diff'], 'second', site({ gateway: { limits } }));
    expect(code, output).toBe(0);
    expect(output).toMatch(/AWS::Lambda::WebFunctionRevision[\s\S]+CRIA_TIMEOUT[\s\S]+300[\s\S]+120/);
    expect(aws.stack(STACK).resources).toEqual(before);
  });

  test('changes in what the change touches, and nowhere else', TIME, async () => {
    const from = aws.stack(STACK).events.length;
    const { code, output } = await deploy('second');
    expect(code, output).toBe(0);
    const events = aws.stack(STACK).events.slice(from);
    changed = [...new Set(events.map(({ logicalId }) => logicalId))].filter((id) => id !== STACK);
    expect(changed.map((id) => aws.stack(STACK).resources.get(id)!.type)).toEqual([
      'Custom::S3ObjectCopy',
      'AWS::Lambda::WebFunctionRevision',
      'AWS::Lambda::WebFunctionEndpoint',
    ]);
  });

  test('is as it was after a change that failed', TIME, async () => {
    const before = new Map(aws.stack(STACK).resources);
    const endpoint = changed.at(-1)!;
    aws.failOnce('update', endpoint, 'the quota of endpoints is reached');
    const { code, output } = await deploy('first');
    expect(code).toBe(1);
    expect(output).toContain('the quota of endpoints is reached');
    expect(output).toContain(endpoint);
    expect(aws.stack(STACK).status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(aws.stack(STACK).resources).toEqual(before);
  });

  test('refuses a template that is broken, and names the resources', TIME, async () => {
    const change = async (name: string, replace: (text: string) => string) =>
      writeFile(at(`broken/${name}`), replace(await readFile(at(`second/${name}`), 'utf8')));
    await cp(at('second'), at('broken'), { recursive: true });
    const text = await readFile(at(`second/${STACK}.template.json`), 'utf8');
    const [, id] = /"(Cluster\w+)": \{\s+"Type": "AWS::ECS::Cluster"/.exec(text)!;
    await change(`${STACK}.template.json`, (whole) => whole.replace(`"${id}": {`, '"Other": {'));
    // Under another name, or the CLI would find it uploaded.
    const [, name] = /\/([0-9a-f]{64}\.json)"/.exec(await readFile(at('second/manifest.json'), 'utf8'))!;
    for (const file of [`${STACK}.assets.json`, 'manifest.json'])
      await change(file, (whole) => whole.replaceAll(name!, 'broken.json'));
    const { code, output } = await deploy('broken');
    expect(code).toBe(1);
    expect(output.replace(/\s+/g, ' ')).toMatch(
      new RegExp(`visionService\\w+: Ref to ${id}, which is neither resource nor parameter`),
    );
    expect(aws.stack(STACK).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  test('goes with cdk destroy, but for the weights', TIME, async () => {
    const kept = [...aws.stack(STACK).resources.values()].filter(
      ({ deletionPolicy }) => deletionPolicy === 'RetainExceptOnCreate',
    );
    expect(kept.map(({ type }) => type)).toContain('AWS::S3::Bucket');
    const passing = [...aws.stack(STACK).resources.values()].filter(
      (one) => one.type === 'AWS::S3::Bucket' && !kept.includes(one),
    );
    expect(passing.length).toBeGreaterThanOrEqual(2);
    for (const { physicalId } of passing)
      aws.s3.put(physicalId, 'left/behind', Buffer.from('a log, an image'));
    const { code, output } = await cdk('destroy', '--app', at('second'), '--force');
    expect(code, output).toBe(0);
    expect(() => aws.stack(STACK)).toThrow();
    for (const { type, physicalId } of kept)
      if (type === 'AWS::S3::Bucket') expect(aws.s3.has(physicalId)).toBe(true);
  });
});
