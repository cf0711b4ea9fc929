import { createGateway, type Gateway } from '../app/gateway/gateway.ts';
import { openAccess } from './access.ts';
import type { GatewayEnv } from './gateway-env.ts';

/** The gateway as Node runs it. Doors ask it. Throws Error when its keys cannot be had. */
export function createNodeGateway(env: GatewayEnv): Gateway {
  const log = (event: Record<string, string | number>) => console.log(JSON.stringify(event));
  return createGateway({
    routes: env.CRIA_ROUTES,
    access: openAccess(env, log),
    openMetrics: env.CRIA_METRICS === 'open',
    fetch,
    nowMs: Date.now,
    secret: (name) => process.env[name],
    newId: () => crypto.randomUUID(),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
    log,
    maxBodyBytes: env.CRIA_MAX_BODY,
    timeoutMs: env.CRIA_TIMEOUT * 1000,
  });
}
