/** What stands beside CloudFormation: who may ask, objects, parameters, and services that are scaled. */
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, jsonAws, queryAws } from './aws-client.ts';
import { REGION } from './cloudformation/pseudo-parameters.ts';
import { type FakeAws, fakeAws } from './fake-aws.ts';

let aws: FakeAws;
beforeAll(async () => {
  aws = await fakeAws();
  aws.s3.createBucket('weights');
});
afterAll(() => aws[Symbol.asyncDispose]());

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const put = (path: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  ask(aws, 's3', path, { method: 'PUT', body, headers });

describe('a request', () => {
  test('that is not signed is refused', async () => {
    const reply = await fetch(aws.url, { method: 'POST', body: 'Action=GetCallerIdentity' });
    expect(reply.status).toBe(403);
    expect(await reply.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });

  test.each([
    ['by a key nobody was given', { accessKeyId: 'AKIANOBODY' }, 'InvalidClientTokenId'],
    ['with another secret', { secretAccessKey: 'guessed' }, 'SignatureDoesNotMatch'],
  ])('signed %s is refused', async (_, wrong, code) => {
    const credentials = { ...aws.credentials, ...wrong };
    const { status, text } = await queryAws({ url: aws.url, credentials }, 'sts', {
      Action: 'GetCallerIdentity',
    });
    expect([status, text]).toEqual([403, expect.stringContaining(`<Code>${code}</Code>`)]);
  });

  test('whose bytes changed on the way is refused', async () => {
    const client = new AwsClient({ ...aws.credentials, service: 'ecs', region: REGION });
    const signed = await client.sign(aws.url, { method: 'POST', body: '{"desiredCount":1}' });
    const reply = await fetch(signed.url, {
      method: 'POST',
      headers: signed.headers,
      body: '{"desiredCount":9}',
    });
    expect(reply.status).toBe(403);
  });

  test('for a role that does not exist is refused', async () => {
    const { status, text } = await queryAws(aws, 'sts', {
      Action: 'AssumeRole',
      RoleArn: 'arn:aws:iam::000000000000:role/gone',
    });
    expect([status, text]).toEqual([403, expect.stringContaining('AccessDenied')]);
  });
});

describe('S3', () => {
  test.each([
    [undefined, 200, 0, 1000],
    ['bytes=0-0', 206, 0, 1],
    ['bytes=990-', 206, 990, 1000],
    ['bytes=-10', 206, 990, 1000],
    ['bytes=990-2000', 206, 990, 1000],
  ])('range %s: %i', async (range, status, from, to) => {
    aws.s3.put('weights', 'a/b c.gguf', bytes);
    const client = new AwsClient({ ...aws.credentials, service: 's3', region: REGION });
    const reply = await client.fetch(`${aws.url}/weights/a/b%20c.gguf`, range ? { headers: { range } } : {});
    expect(reply.status).toBe(status);
    expect(Buffer.from(await reply.arrayBuffer())).toEqual(bytes.subarray(from, to));
  });

  test('a range past the end is refused', async () => {
    aws.s3.put('weights', 'short', bytes);
    const { status } = await ask(aws, 's3', '/weights/short', { headers: { range: 'bytes=1000-' } });
    expect(status).toBe(416);
  });

  test('parts become one object in the order that is named', async () => {
    const started = await ask(aws, 's3', '/weights/large?uploads', { method: 'POST' });
    const [, id] = /<UploadId>(.+)<\/UploadId>/.exec(started.text)!;
    await put(`/weights/large?partNumber=2&uploadId=${id}`, bytes.subarray(600));
    await put(`/weights/large?partNumber=1&uploadId=${id}`, bytes.subarray(0, 600));
    const part = (number: number) => `<Part><PartNumber>${number}</PartNumber></Part>`;
    const body = `<CompleteMultipartUpload>${part(1)}${part(2)}</CompleteMultipartUpload>`;
    const path = `/weights/large?uploadId=${id}`;
    const broken = await ask(aws, 's3', path, { method: 'POST', body: body.replace('>2<', '>3<') });
    expect([broken.status, broken.text]).toEqual([400, expect.stringContaining('InvalidPart')]);
    const done = await ask(aws, 's3', path, { method: 'POST', body });
    expect(done.text).toMatch(/<ETag>"[0-9a-f]{32}-2"<\/ETag>/);
    expect(aws.s3.get('weights', 'large').bytes).toEqual(bytes);
  });

  test('chunks of a client that adds a checksum are taken apart', async () => {
    const chunked = Buffer.from(
      '5\r\nhello\r\n6;x=1\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
    );
    await put('/weights/chunked', chunked, { 'content-encoding': 'aws-chunked' });
    expect(aws.s3.get('weights', 'chunked').bytes.toString()).toBe('hello world');
  });

  test('an address that was signed beforehand lets in who has it, for that alone', async () => {
    const client = new AwsClient({ ...aws.credentials, service: 's3', region: REGION });
    const { url } = await client.sign(`${aws.url}/weights/image?X-Amz-Expires=60`, {
      method: 'PUT',
      aws: { signQuery: true },
    });
    expect((await fetch(url, { method: 'PUT', body: bytes })).status).toBe(200);
    expect(aws.s3.get('weights', 'image').bytes).toEqual(bytes);
    expect((await fetch(url.replace('/image', '/other'), { method: 'PUT', body: bytes })).status).toBe(403);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
  });

  test('lists what begins so, and deletes', async () => {
    for (const key of ['l/2', 'l/1', 'm/1']) aws.s3.put('weights', key, bytes);
    const keys = async () =>
      (await ask(aws, 's3', '/weights?list-type=2&prefix=l%2F')).text.match(/<Key>[^<]+/g);
    expect(await keys()).toEqual(['<Key>l/1', '<Key>l/2']);
    await ask(aws, 's3', '/weights/l/1', { method: 'DELETE' });
    expect(await keys()).toEqual(['<Key>l/2']);
  });

  test('a bucket that is not there has nothing', async () => {
    const { status, text } = await ask(aws, 's3', '/gone/key');
    expect([status, text]).toEqual([404, expect.stringContaining('<Code>NoSuchBucket</Code>')]);
  });
});

describe('ECS', () => {
  const TARGET = 'AmazonEC2ContainerServiceV20141113';
  const call = async (action: string, input: object) =>
    jsonAws(aws, 'ecs', `${TARGET}.${action}`, { cluster: 'arn:aws:ecs:us-east-1:0:cluster/site', ...input });

  test('wakes a service by its number of tasks, which run after a while', async () => {
    aws.ecs.put('site', 'vision', 0);
    expect((await call('UpdateService', { service: 'vision', desiredCount: 1 })).status).toBe(200);
    const counts = async () => {
      const { services } = JSON.parse((await call('DescribeServices', { services: ['vision'] })).text);
      const { desiredCount, pendingCount, runningCount } = services[0];
      return { desiredCount, pendingCount, runningCount };
    };
    expect(await counts()).toEqual({ desiredCount: 1, pendingCount: 1, runningCount: 0 });
    aws.ecs.settle();
    expect(await counts()).toEqual({ desiredCount: 1, pendingCount: 0, runningCount: 1 });
  });

  test.each([
    [{ service: 'gone', desiredCount: 1 }, 'ServiceNotFoundException'],
    [{ service: 'vision', desiredCount: -1 }, 'InvalidParameterException'],
  ])('refuses %o: %s', async (input, code) => {
    aws.ecs.put('site', 'vision', 0);
    const { status, text } = await call('UpdateService', input);
    expect([status, JSON.parse(text).__type]).toEqual([400, code]);
  });
});

describe('Secrets Manager', () => {
  const read = (SecretId: string) =>
    jsonAws(aws, 'secretsmanager', 'secretsmanager.GetSecretValue', { SecretId });

  test('tells a secret to who knows its name or ARN', async () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:keys-1';
    aws.secrets.put(arn, 'value');
    for (const id of [arn, 'keys-1']) expect(JSON.parse((await read(id)).text).SecretString).toBe('value');
    expect((await read('keys')).status).toBe(400);
  });
});
