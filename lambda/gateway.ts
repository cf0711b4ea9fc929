/** The gateway's door on Node: one address for a site's servers. A container's entry, and a Lambda Web Function's. */
import type { Server } from 'node:http';
import { type Http2Bindings, type HttpBindings, serve } from '@hono/node-server';
import { readSettings } from '../app/settings.ts';
import { clientOf } from './client-of.ts';
import { drainOnSignals } from './drain.ts';
import { createNodeGateway } from './gateway-app.ts';
import { GatewayEnv } from './gateway-env.ts';
import { orExit } from './or-exit.ts';

const PROBE_MS = 2_000;

const env = orExit(() => readSettings(GatewayEnv, process.env));
const { app, probe, lifecycle, log } = createNodeGateway(env);
void probe();
const probing = setInterval(() => void probe(), PROBE_MS);

const { hostname, port } = env.AWS_LAMBDA_HTTP_ENDPOINT ?? { hostname: env.HOST, port: env.PORT };
const fetch = (request: Request, bindings: HttpBindings | Http2Bindings) =>
  app.fetch(request, clientOf(request, bindings, env.CRIA_PROXIES));
const server = serve({ fetch, hostname, port }, ({ address, port }) =>
  console.log(JSON.stringify({ event: 'listening', url: `http://${address}:${port}` })),
);
drainOnSignals({
  server: server as Server,
  lifecycle,
  graceMs: env.CRIA_DRAIN * 1000,
  log,
  onDrain: () => clearInterval(probing),
});
