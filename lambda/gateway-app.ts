import { createGateway, type Gateway } from '../app/gateway/gateway.ts';
import type { GatewayEnv } from './gateway-env.ts';

/** The gateway as Node runs it. Doors ask it. */
export function createNodeGateway(env: GatewayEnv): Gateway {
  return createGateway({
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
}
