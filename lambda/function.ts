/**
 * The Lambda function behind a Function URL whose responses are streamed. With CRIA_MODEL it runs that model, weights from
 * CRIA_HOME; without, it is the site's gateway.
 */
import { readSettings } from '../app/settings.ts';
import { Env } from './env.ts';
import { createNodeGateway } from './gateway-app.ts';
import { GatewayEnv } from './gateway-env.ts';
import { createNodeApp } from './node-app.ts';
import { createStreamingHandler } from './streaming-handler.ts';

/** The one folder that a function may write to. */
const STORAGE = { CRIA_STORAGE_FILE: '/tmp/cria/storage.sqlite' };

/** Whoever knows the URL may ask: without keys, or CRIA_AUTH=none where IAM asks who it is, it does not start. */
const ANYWHERE = { HOST: '0.0.0.0' };

const { app } =
  (process.env.CRIA_MODEL ?? '') === ''
    ? createNodeGateway(readSettings(GatewayEnv, { ...process.env, ...ANYWHERE }))
    : createNodeApp(readSettings(Env, { ...STORAGE, ...process.env, ...ANYWHERE }));

export const handler = awslambda.streamifyResponse(
  createStreamingHandler({ fetch: (request, bindings) => app.fetch(request, bindings), nowMs: Date.now }),
);
