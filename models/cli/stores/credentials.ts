/** Who asks AWS or R2, from the environment: keys, or the place where a container's role is told. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { StoreError } from './store.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Unix milliseconds; absent where nobody said. */
  readonly expiresAtMs?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Keys of R2, which are no keys of AWS. Throws StoreError. */
export function r2Credentials({
  R2_ACCESS_KEY_ID: accessKeyId,
  R2_SECRET_ACCESS_KEY: secretAccessKey,
}: Environment): Credentials {
  if (!accessKeyId || !secretAccessKey)
    throw new StoreError('r2 needs R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY in the environment');
  return { accessKeyId, secretAccessKey };
}

/** Throws StoreError. */
export async function awsCredentials(environment: Environment, signal: AbortSignal): Promise<Credentials> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  const url = roleUrl(environment);
  if (url === undefined)
    throw new StoreError(
      'AWS needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or a container with a role',
    );
  return ofRole(url, environment, signal);
}

const ECS_HOST = 'http://169.254.170.2';
/** Of ECS, of EKS, and of this machine: nobody else is asked without TLS. */
const ROLE_HOSTS = ['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', '127.0.0.1', '[::1]', 'localhost'];
const ROLE_MS = 10_000;

/** Source: AWS SDKs and Tools reference guide, container credential provider. */
function roleUrl(environment: Environment): URL | undefined {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } =
    environment;
  if (relative) return new URL(relative, ECS_HOST);
  if (!full) return undefined;
  const url = new URL(full);
  if (url.protocol === 'https:' || ROLE_HOSTS.includes(url.hostname)) return url;
  throw new StoreError(
    `AWS_CONTAINER_CREDENTIALS_FULL_URI: ${url.hostname} is no place that may be asked for a role without TLS`,
  );
}

const Role = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  Token: z.string(),
  Expiration: z.iso.datetime({ offset: true }).optional(),
});

async function ofRole(url: URL, environment: Environment, signal: AbortSignal): Promise<Credentials> {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN: token, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } =
    environment;
  const authorization = file ? (await readFile(file, 'utf8')).trim() : token;
  try {
    const response = await fetch(url, {
      headers: authorization ? { authorization } : {},
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ROLE_MS)]),
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const { AccessKeyId, SecretAccessKey, Token, Expiration } = Role.parse(await response.json());
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: Token,
      ...(Expiration === undefined ? {} : { expiresAtMs: Date.parse(Expiration) }),
    };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const reason = error instanceof z.ZodError ? 'no credentials in its answer' : (error as Error).message;
    throw new StoreError(`the container's role cannot be had from ${url.host}: ${reason}`);
  }
}
