/** Secrets of a function: its environment can be read by whoever may look at it, so that it only says where they are. */
import * as z from 'zod';
import { callAws } from './aws-json.ts';
import { keptCredentials } from './kept-credentials.ts';

/** CRIA_SECRETS: for each variable, the secret of AWS Secrets Manager that is its value. */
const Places = z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string().min(1));
const Value = z.object({ SecretString: z.string() });

/**
 * The environment with its secrets in their variables: those that CRIA_SECRETS names, read once. Without it, as it is.
 *
 * Throws   Error, which quotes no secret
 * Source   AWS Secrets Manager API Reference, GetSecretValue
 */
export async function withSecrets(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  if (!env.CRIA_SECRETS) return env;
  const region = env.AWS_REGION;
  if (!region) throw new Error('AWS_REGION: is needed to read CRIA_SECRETS');
  const aws = {
    region,
    endpoint: env.AWS_ENDPOINT_URL_SECRETS_MANAGER ?? env.AWS_ENDPOINT_URL,
    credentials: keptCredentials(env, Date.now),
    fetch,
  };
  const read = Object.entries(placesIn(env.CRIA_SECRETS)).map(async ([name, SecretId]) => {
    const call = { service: 'secretsmanager', target: 'secretsmanager.GetSecretValue', body: { SecretId } };
    return [name, Value.parse(await callAws(call, aws)).SecretString] as const;
  });
  return { ...env, ...Object.fromEntries(await Promise.all(read)) };
}

function placesIn(text: string): z.infer<typeof Places> {
  try {
    return Places.parse(JSON.parse(text));
  } catch {
    throw new Error('CRIA_SECRETS: is not JSON that names a secret for each variable');
  }
}
