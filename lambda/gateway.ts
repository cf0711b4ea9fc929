/** The gateway's door on Node: one address for a site's servers. A container's entry, and a Lambda Web Function's. */
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { readSettings } from '../app/settings.ts';
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
const server = serve({ fetch: app.fetch, hostname, port }, ({ address, port }) =>
  console.log(JSON.stringify({ event: 'listening', url: `http://${address}:${port}` })),
);
drainOnSignals({
  server: server as Server,
  lifecycle,
  graceMs: env.CRIA_DRAIN * 1000,
  log,
  onDrain: () => clearInterval(probing),
});
