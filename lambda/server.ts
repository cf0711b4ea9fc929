/** The Node door: the app on a port. For a single node, for the container, and for a Lambda Web Function with a model. */
import { readSettings } from '../app/settings.ts';
import { withSecrets } from './aws-secrets.ts';
import { Env } from './env.ts';
import { listen } from './listen.ts';
import { createNodeApp } from './node-app.ts';
import { orExit } from './or-exit.ts';
import { playground } from './playground.ts';
import { startTracing } from './start-tracing.ts';
import { FUNCTION_DEFAULTS } from './web-function.ts';

const isFunction = process.env.AWS_LAMBDA_HTTP_ENDPOINT !== undefined;
const variables = await orExit(() => withSecrets(process.env));
const env = await orExit(() => readSettings(Env, { ...(isFunction ? FUNCTION_DEFAULTS : {}), ...variables }));
const stopTracing = await orExit(() => startTracing(env, 'cria'));
const { app, model, lifecycle, log, stop } = await orExit(() =>
  createNodeApp(env, isFunction ? 'lambda' : 'node'),
);
const { fetch } = app.use('/*', playground());
listen(env, { fetch, lifecycle, log, told: { model: model.id }, onDrain: stop, onEnd: stopTracing });
