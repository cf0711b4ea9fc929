/** The credentials of the role this runs as. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const EARLY_MS = 5 * 60_000;
const TIMEOUT_MS = 3_000;

/** What ECS, EKS and whoever else speaks its protocol answer. */
const Issued = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().optional(),
  Expiration: z.iso.datetime({ offset: true }).optional(),
});

/**
 * From the environment, as Lambda has them; else from the address that ECS and EKS give to a container, kept until they
 * are about to expire.
 *
 * Throws   Error when there are none
 * Source   AWS SDKs and Tools Reference Guide, "Container credential provider"
 */
export function awsCredentials(env: NodeJS.ProcessEnv, nowMs: () => number): () => Promise<AwsCredentials> {
  let kept: { readonly credentials: AwsCredentials; readonly untilMs: number } | undefined;
  return async () => {
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
    if (id && secret) return toCredentials(id, secret, token);
    if (kept && nowMs() < kept.untilMs) return kept.credentials;

    const response = await fetch(addressIn(env), {
      headers: await authorization(env),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the container's AWS credentials: HTTP ${response.status}`);
    const issued = Issued.parse(await response.json());
    const untilMs = (issued.Expiration ? Date.parse(issued.Expiration) : nowMs()) - EARLY_MS;
    kept = { credentials: toCredentials(issued.AccessKeyId, issued.SecretAccessKey, issued.Token), untilMs };
    return kept.credentials;
  };
}

const toCredentials = (
  accessKeyId: string,
  secretAccessKey: string,
  sessionToken?: string,
): AwsCredentials => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken ? { sessionToken } : {}),
});

function addressIn(env: NodeJS.ProcessEnv): URL {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: address } = env;
  if (path) return new URL(path, 'http://169.254.170.2');
  if (address) return new URL(address);
  throw new Error('there are no AWS credentials: neither AWS_ACCESS_KEY_ID nor those of a container');
}

async function authorization(env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN: token, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } = env;
  const value = file ? await readFile(file, 'utf8') : token;
  return value ? { authorization: value.trim() } : {};
}
