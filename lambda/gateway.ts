/** The gateway's door on Node: one address for a site's servers. Settings from the environment. */
import { serve } from '@hono/node-server';
import { createGateway } from '../app/gateway/gateway.ts';
import { readSettings } from '../app/settings.ts';
import { GatewayEnv } from './gateway-env.ts';

const PROBE_MS = 2_000;

const env = settings();
const { app, probe } = createGateway({
  routes: env.CRIA_ROUTES,
  keys: env.CRIA_AUTH === 'none' ? undefined : env.CRIA_KEYS,
  fetch,
  nowMs: Date.now,
  secret: (name) => process.env[name],
  newId: () => crypto.randomUUID(),
  random: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
  log: (event) => console.log(JSON.stringify(event)),
  maxBodyBytes: env.CRIA_MAX_BODY,
  timeoutMs: env.CRIA_TIMEOUT * 1000,
});
void probe();
const probing = setInterval(() => void probe(), PROBE_MS);

const server = serve({ fetch: app.fetch, hostname: env.HOST, port: env.PORT }, ({ address, port }) =>
  console.log(JSON.stringify({ event: 'listening', url: `http://${address}:${port}` })),
);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    clearInterval(probing);
    server.close(() => process.exit(0)); // open streams finish first
  });

function settings(): GatewayEnv {
  try {
    return readSettings(GatewayEnv, process.env);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
