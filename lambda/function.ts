/**
 * The Lambda function behind a Function URL whose responses are streamed. With CRIA_MODEL it runs that model, weights from
 * CRIA_HOME; without, it is the site's gateway.
 */
import { withOriginSecret } from '../app/gateway/origin-secret.ts';
import { readSettings } from '../app/settings.ts';
import { withSecrets } from './aws-secrets.ts';
import { Env } from './env.ts';
import { createNodeGateway } from './gateway-app.ts';
import { GatewayEnv } from './gateway-env.ts';
import { createNodeApp } from './node-app.ts';
import { playground } from './playground.ts';
import { probedWhenAsked } from './probed-when-asked.ts';
import { createStreamingHandler } from './streaming-handler.ts';
import { FUNCTION_DEFAULTS } from './web-function.ts';

/** Whoever knows the URL may ask: without keys, or CRIA_AUTH=none where IAM asks who it is, it does not start. */
const ANYWHERE = { HOST: '0.0.0.0' };

const variables: NodeJS.ProcessEnv = { ...(await withSecrets(process.env)), ...ANYWHERE };
const { env, fetch } = (variables.CRIA_MODEL ?? '') === '' ? gateway() : model();
const secrets = env.CRIA_ORIGIN_SECRET;

function gateway() {
  const env = readSettings(GatewayEnv, variables);
  return { env, fetch: probedWhenAsked(createNodeGateway(env, variables), Date.now) };
}

function model() {
  const env = readSettings(Env, { ...FUNCTION_DEFAULTS, ...variables });
  const { app } = createNodeApp(env, 'lambda');
  return { env, fetch: app.use('/*', playground()).fetch };
}

export const handler = awslambda.streamifyResponse(
  createStreamingHandler({
    fetch: withOriginSecret(fetch, { secrets, newId: () => crypto.randomUUID() }),
    proxies: env.CRIA_PROXIES,
    nowMs: Date.now,
  }),
);
