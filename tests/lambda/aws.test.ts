/** What the gateway asks of AWS, against a small server in AWS's place that checks each signature. */
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../app/settings.ts';
import { withSecrets } from '../../lambda/aws-secrets.ts';
import { createNodeGateway } from '../../lambda/gateway-app.ts';
import { GatewayEnv } from '../../lambda/gateway-env.ts';
import { keptCredentials } from '../../lambda/kept-credentials.ts';
import { createS3Uploads, presignS3 } from '../../lambda/s3-uploads.ts';
import { ecsStarters } from '../../lambda/wake-ecs.ts';

const REGION = 'eu-central-1';
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

interface Asked {
  readonly target: string;
  readonly body: Record<string, unknown>;
}

let url: string;
const asked: Asked[] = [];
const world = { desiredCount: 0, denied: false };

const server = createServer(async (request, response) => {
  const { method, url: path, headers } = request;
  const body = (await buffer(request)).toString();
  if (path === '/role') {
    expect(headers.authorization).toBe('token-of-the-container');
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = KEYS;
    return response.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: 'session', Expiration }));
  }
  if (path === '/v1/health') return response.writeHead(503).end('<html>');
  expect(headers.authorization).toBe(authorization(method!, path!, headers, body));
  const target = String(headers['x-amz-target']);
  asked.push({ target, body: JSON.parse(body) });
  const [, action] = target.split('.') as [string, string];
  if (world.denied) return response.writeHead(400).end('{"__type":"AccessDeniedException"}');
  if (action === 'GetSecretValue') return response.end('{"SecretString":"sk-secret"}');
  if (action === 'UpdateService') world.desiredCount = JSON.parse(body).desiredCount;
  response.end(JSON.stringify({ services: [{ status: 'ACTIVE', desiredCount: world.desiredCount }] }));
});

/** Signature Version 4, written anew from AWS's description, so that the test does not believe the library. */
function authorization(method: string, path: string, headers: NodeJS.Dict<string | string[]>, body: string) {
  const [, credential, names] = /Credential=([^,]+), SignedHeaders=([^,]+),/.exec(
    String(headers.authorization),
  )!;
  const [id, day, region, service] = credential!.split('/') as [string, string, string, string];
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = [
    method,
    path,
    '',
    ...names!.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    names,
    hash(body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${KEYS.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked.length = 0;
  Object.assign(world, { desiredCount: 0, denied: false });
});
afterAll(() => void server.close());

describe('a service of ECS', () => {
  const start = () =>
    ecsStarters(
      { gpu: { cluster: 'cria', service: 'vision' } },
      { region: REGION, endpoint: url, credentials: async () => KEYS, fetch },
    ).get('gpu')!();

  test('that is at zero is set to one', async () => {
    await start();
    expect(asked).toEqual([
      {
        target: 'AmazonEC2ContainerServiceV20141113.DescribeServices',
        body: { cluster: 'cria', services: ['vision'] },
      },
      {
        target: 'AmazonEC2ContainerServiceV20141113.UpdateService',
        body: { cluster: 'cria', service: 'vision', desiredCount: 1 },
      },
    ]);
  });

  test('that is already wanted is left as it is: it may have been scaled up', async () => {
    world.desiredCount = 3;
    await start();
    expect(world.desiredCount).toBe(3);
    expect(asked).toHaveLength(1);
  });

  test('that may not be started says so', async () => {
    world.denied = true;
    await expect(start()).rejects.toThrow(/DescribeServices: HTTP 400 .*AccessDenied/);
  });
});

test('the gateway, with its settings alone, starts what sleeps, with the credentials of its container', async () => {
  const variables = {
    CRIA_ROUTES: JSON.stringify({
      backends: [{ name: 'gpu', url: `${url}/v1`, model: 'm', health: '/v1/health' }],
      routes: [
        { model: 'm', to: [{ backend: 'gpu', weight: 1 }], overflow: [], contextLength: 9, licence: 'MIT' },
      ],
    }),
    CRIA_WAKE: '{"gpu":{"cluster":"cria","service":"vision"}}',
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/role`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'token-of-the-container',
  };
  const { app, probe } = createNodeGateway(readSettings(GatewayEnv, variables), variables);
  await probe();
  const reply = await app.request('/v1/chat/completions', {
    method: 'POST',
    body: '{"model":"m","messages":[]}',
  });
  expect(reply.status).toBe(503);
  expect(world.desiredCount).toBe(1);
});

test.each([
  {
    why: 'a backend that is not there',
    wake: { cpu: { cluster: 'a', service: 'b' } },
    says: 'CRIA_WAKE.cpu',
  },
  {
    why: 'one that cannot be looked at',
    wake: { deaf: { cluster: 'a', service: 'b' } },
    says: 'CRIA_WAKE.deaf',
  },
  { why: 'a typing error', wake: { gpu: { cluster: 'a', servce: 'b' } }, says: 'CRIA_WAKE' },
])('the gateway does not start with $why in CRIA_WAKE', ({ wake, says }) => {
  const route = {
    model: 'm',
    to: [{ backend: 'gpu', weight: 1 }],
    overflow: [],
    contextLength: 9,
    licence: 'MIT',
  };
  const backend = { url: 'http://x/v1', model: 'm' };
  const backends = [
    { ...backend, name: 'gpu', health: '/health' },
    { ...backend, name: 'deaf' },
  ];
  const variables = {
    CRIA_ROUTES: JSON.stringify({ backends, routes: [route] }),
    CRIA_WAKE: JSON.stringify(wake),
    AWS_REGION: REGION,
  };
  expect(() => readSettings(GatewayEnv, variables)).toThrow(says);
});

test.each([
  { why: 'none', secret: '' },
  { why: 'a short one', secret: 'short-and-secret' },
  { why: 'a short one beside a long one', secret: `${'long'.repeat(8)},short-and-secret` },
])('the gateway does not start with $why in CRIA_ORIGIN_SECRET, and does not repeat it', ({ secret }) => {
  const routes = { backends: [], routes: [] };
  const variables = { CRIA_ROUTES: JSON.stringify(routes), CRIA_ORIGIN_SECRET: secret };
  const read = () => readSettings(GatewayEnv, variables);
  expect(read).toThrow(/^CRIA_ORIGIN_SECRET: is shorter than 32 characters, or one of its parts is$/m);
  expect(read).not.toThrow(/secret/);
});

describe('credentials', () => {
  test('of a container are kept until shortly before they expire', async () => {
    let now = Date.now();
    let calls = 0;
    const count = () => calls++;
    server.on('request', count);
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/role`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'token-of-the-container',
    };
    const credentials = keptCredentials(env, () => now);
    expect(await credentials()).toMatchObject({ ...KEYS, sessionToken: 'session' });
    await credentials();
    expect(calls).toBe(1);
    now += 56 * 60_000;
    await credentials();
    expect(calls).toBe(2);
    server.off('request', count);
  });

  test('that are nowhere are missed by name', async () => {
    await expect(keptCredentials({}, Date.now)()).rejects.toThrow('AWS_ACCESS_KEY_ID');
  });
});

describe('secrets', () => {
  const env = (): NodeJS.ProcessEnv => ({
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    CRIA_SECRETS: '{"CRIA_KEYS":"arn:aws:secretsmanager:eu-central-1:1:secret:keys"}',
  });

  test('are read into their variables', async () => {
    expect((await withSecrets(env())).CRIA_KEYS).toBe('sk-secret');
    expect(asked[0]!.body).toEqual({ SecretId: 'arn:aws:secretsmanager:eu-central-1:1:secret:keys' });
  });

  test('that may not be read are an error; that are none are nothing', async () => {
    world.denied = true;
    await expect(withSecrets(env())).rejects.toThrow('secretsmanager.GetSecretValue: HTTP 400');
    await expect(withSecrets({ ...env(), CRIA_SECRETS: '[]' })).rejects.toThrow('CRIA_SECRETS: is not JSON');
    expect(await withSecrets({ A: '1' })).toEqual({ A: '1' });
  });
});

describe('an address of S3', () => {
  test('is signed as in AWS’s own example', async () => {
    const address = await presignS3({
      method: 'GET',
      url: 'https://examplebucket.s3.amazonaws.com/test.txt',
      headers: {},
      seconds: 86_400,
      atMs: Date.UTC(2013, 4, 24),
      region: 'us-east-1',
      credentials: {
        accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      },
    });
    expect(new URL(address).searchParams.get('X-Amz-Signature')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  test('binds length and type, expires, and lies in its caller’s folder', async () => {
    const uploads = createS3Uploads({
      bucket: 'cria-uploads',
      region: REGION,
      credentials: async () => ({ ...KEYS, sessionToken: 'session' }),
      nowMs: () => Date.UTC(2026, 10, 25, 21),
      maxBytes: 1_000,
    });
    const put = await uploads.target('anna', 'img-1', { bytes: 9, type: 'image/png' });
    const address = new URL(put.url);
    expect(address.host).toBe('cria-uploads.s3.eu-central-1.amazonaws.com');
    expect(address.pathname).toMatch(/^\/uploads\/[0-9a-f]{32}\/img-1$/);
    expect(address.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;content-type;host');
    expect(address.searchParams.get('X-Amz-Expires')).toBe('600');
    expect(address.searchParams.get('X-Amz-Security-Token')).toBe('session');
    expect(put.headers).toEqual({ 'content-type': 'image/png', 'content-length': '9' });
    expect(put.expiresAtMs).toBe(Date.UTC(2026, 10, 25, 21, 10));

    const own = new URL(await uploads.source('anna', 'img-1'));
    expect(own.pathname).toBe(address.pathname);
    expect(own.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    expect(new URL(await uploads.source('ben', 'img-1')).pathname).not.toBe(own.pathname);
  });
});
