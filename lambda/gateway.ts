/** The gateway's door on Node: one address for a site's servers. A container's entry, and a Lambda Web Function's. */
import type { Server } from 'node:http';
import { type Http2Bindings, type HttpBindings, serve } from '@hono/node-server';
import { withOriginSecret } from '../app/gateway/origin-secret.ts';
import { readSettings } from '../app/settings.ts';
import { withSecrets } from './aws-secrets.ts';
import { clientOf } from './client-of.ts';
import { drainOnSignals } from './drain.ts';
import { createNodeGateway } from './gateway-app.ts';
import { GatewayEnv } from './gateway-env.ts';
import { inTime } from './in-time.ts';
import { orExit } from './or-exit.ts';
import { probedWhenAsked } from './probed-when-asked.ts';
import { startTracing } from './start-tracing.ts';

const PROBE_MS = 2_000;

const variables = await orExit(() => withSecrets(process.env));
const env = await orExit(() => readSettings(GatewayEnv, variables));
const stopTracing = await orExit(() => startTracing(env, 'cria-gateway'));
const gateway = await orExit(() => createNodeGateway(env, variables));
const isFunction = env.AWS_LAMBDA_HTTP_ENDPOINT !== undefined;
const look = () => void gateway.probe();
if (!isFunction) look();
const probing = isFunction ? undefined : setInterval(look, PROBE_MS);

const asked = isFunction ? probedWhenAsked(gateway, Date.now) : gateway.app.fetch;
const seconds = env.CRIA_REQUEST_TIMEOUT;
const timed = seconds === undefined ? asked : inTime(asked, seconds * 1000, Date.now);
const secrets = env.CRIA_ORIGIN_SECRET;
const answer = withOriginSecret(timed, { secrets, newId: () => crypto.randomUUID() });
const { hostname, port } = env.AWS_LAMBDA_HTTP_ENDPOINT ?? { hostname: env.HOST, port: env.PORT };
const fetch = (request: Request, bindings: HttpBindings | Http2Bindings) =>
  answer(request, clientOf(request, bindings, env.CRIA_PROXIES));
const server = serve({ fetch, hostname, port }, ({ address, port }) =>
  console.log(JSON.stringify({ event: 'listening', url: `http://${address}:${port}` })),
);
drainOnSignals({
  server: server as Server,
  lifecycle: gateway.lifecycle,
  graceMs: isFunction ? 0 : env.CRIA_DRAIN * 1000, // Lambda has waited already, and leaves a second
  log: gateway.log,
  onDrain: () => clearInterval(probing),
  onEnd: stopTracing,
});
