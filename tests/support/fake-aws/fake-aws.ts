/**
 * An AWS account on this machine, for the unmodified `cdk`: STS, SSM, S3, ECR, ECS, Secrets Manager and CloudFormation, by signed requests.
 * CloudFormation judges templates by the service spec and keeps its own order and states; the resources are lines in a list.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account, Action } from './cloudformation/account.ts';
import { cloudFormation, type Stacks } from './cloudformation/cloudformation.ts';
import { REGION } from './cloudformation/pseudo-parameters.ts';
import type { Stack } from './cloudformation/stack.ts';
import { type Credentials, keyRing } from './credentials.ts';
import { ecr, ecrRegistry } from './ecr.ts';
import { type EcsClusters, ecs, ecsClusters } from './ecs.ts';
import { AwsError } from './errors.ts';
import { type AwsRequest, type AwsResponse, type Service, xml } from './protocol.ts';
import { s3 } from './s3.ts';
import { type S3Store, s3Store } from './s3-store.ts';
import { type SecretStore, secretStore, secretsManager } from './secrets-manager.ts';
import { serviceSpec } from './service-spec.ts';
import { serviceAsked } from './signature.ts';
import { parameterStore, ssm } from './ssm.ts';
import { sts } from './sts.ts';

export interface FakeAws extends AsyncDisposable {
  readonly url: string;
  /** What a client reads: endpoint, keys, region; and that there is no network beside. */
  readonly environment: Readonly<Record<string, string>>;
  readonly credentials: Credentials;
  /** `<service> <action>` of every request, in order. */
  readonly calls: readonly string[];
  readonly s3: S3Store;
  readonly ecs: EcsClusters;
  readonly secrets: SecretStore;
  /** Throws Error when there is none. */
  readonly stack: (name: string) => Stack;
  /** Makes the next attempt at this fail, for this reason. */
  readonly failOnce: (action: Action, logicalId: string, reason: string) => void;
}

const MAX_BODY_BYTES = 64 * 2 ** 20;

export async function fakeAws(): Promise<FakeAws> {
  const keys = keyRing();
  const stacks: Stacks = new Map();
  const failures = new Map<string, string>();
  const calls: string[] = [];
  let serial = 0;
  const standing = () => [...stacks.values()].filter(({ status }) => status !== 'DELETE_COMPLETE');
  const account: Account = {
    spec: await serviceSpec(),
    s3: s3Store(),
    ssm: parameterStore(),
    ecr: ecrRegistry(),
    ecs: ecsClusters(),
    secrets: secretStore(),
    taken: new Set(),
    exported: (name) =>
      standing()
        .flatMap(({ outputs }) => outputs)
        .find(({ exportName }) => exportName === name)?.value,
    failure(action, logicalId) {
      const reason = failures.get(`${action} ${logicalId}`);
      failures.delete(`${action} ${logicalId}`);
      return reason;
    },
    nowMs: Date.now,
    nextSerial: () => ++serial,
  };
  const services: Readonly<Record<string, Service>> = {
    cloudformation: cloudFormation(stacks, account),
    ecr: ecr(account.ecr),
    ecs: ecs(account.ecs),
    s3: s3(account.s3),
    secretsmanager: secretsManager(account.secrets),
    ssm: ssm(account.ssm),
    sts: sts(keys, (role) => account.taken.has(`AWS::IAM::Role ${role}`)),
  };

  function answer(request: AwsRequest): AwsResponse {
    try {
      const name = serviceAsked(request, keys);
      calls.push(`${name} ${actionOf(request)}`);
      const service = Object.hasOwn(services, name) ? services[name] : undefined;
      if (!service) throw new AwsError('UnknownService', `there is no ${name} here`, 501);
      return service(request);
    } catch (error) {
      return refuse(request, error);
    }
  }

  const server = createServer(async (incoming, outgoing) => {
    const { status, headers = {}, body = '' } = answer(await readRequest(incoming));
    outgoing.writeHead(status, {
      'x-amzn-requestid': '0',
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    outgoing.end(incoming.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // an address: S3 in path style
  return {
    url,
    credentials: keys.root,
    environment: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: keys.root.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.root.secretAccessKey,
      AWS_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
    calls,
    s3: account.s3,
    ecs: account.ecs,
    secrets: account.secrets,
    stack(name) {
      const found = standing().find((stack) => stack.name === name);
      if (!found) throw new Error(`no stack ${name}`);
      return found;
    },
    failOnce: (action, logicalId, reason) => void failures.set(`${action} ${logicalId}`, reason),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) incoming.destroy(new Error(`more than ${MAX_BODY_BYTES} bytes`));
    chunks.push(chunk);
  }
  const [path = '/', search = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(search),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(',')]),
    ),
    body: Buffer.concat(chunks),
  };
}

function actionOf({ method, path, headers, body }: AwsRequest): string {
  const target = headers['x-amz-target'];
  if (target !== undefined) return target.split('.').at(-1)!;
  return /Action=(\w+)/.exec(body.subarray(0, 4096).toString('latin1'))?.[1] ?? `${method} ${path}`;
}

/** The error in the form of the service's protocol. What is no AwsError is a fault of this program. */
function refuse({ headers }: AwsRequest, error: unknown): AwsResponse {
  const known = error instanceof AwsError;
  if (!known) console.error(error);
  const { code, message, status } = known
    ? error
    : { code: 'InternalFailure', message: String(error), status: 500 };
  if (headers['x-amz-target'] !== undefined)
    return {
      status,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ __type: code, message }),
    };
  const fields = { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message };
  const form = (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: form ? xml({ ErrorResponse: { Error: fields } }) : xml({ Error: fields }),
  };
}
