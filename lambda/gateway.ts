/** The gateway's door on Node: one address for a site's servers. A container's entry, and a Lambda Web Function's. */
import { readSettings } from '../app/settings.ts';
import { withSecrets } from './aws-secrets.ts';
import { createNodeGateway } from './gateway-app.ts';
import { GatewayEnv } from './gateway-env.ts';
import { listen } from './listen.ts';
import { orExit } from './or-exit.ts';
import { probedWhenAsked } from './probed-when-asked.ts';
import { startTracing } from './start-tracing.ts';

const PROBE_MS = 2_000;

const variables = await orExit(() => withSecrets(process.env));
const env = await orExit(() => readSettings(GatewayEnv, variables));
const stopTracing = await orExit(() => startTracing(env, 'cria-gateway'));
const gateway = await orExit(() => createNodeGateway(env, variables));
const { lifecycle, log } = gateway;
const isFunction = env.AWS_LAMBDA_HTTP_ENDPOINT !== undefined;
const look = () => void gateway.probe();
if (!isFunction) look();
const probing = isFunction ? undefined : setInterval(look, PROBE_MS); // a function with nothing to do is not paid for

listen(env, {
  fetch: isFunction ? probedWhenAsked(gateway, Date.now) : gateway.app.fetch,
  lifecycle,
  log,
  onDrain: () => clearInterval(probing),
  onEnd: stopTracing,
});
