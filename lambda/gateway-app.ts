import { toLimits } from '../app/access/limit-settings.ts';
import { createLimiter } from '../app/access/limiter.ts';
import type { Deps } from '../app/deps.ts';
import { createGateway, type Gateway } from '../app/gateway/gateway.ts';
import { createLifecycle, type LifecycleControl } from '../app/lifecycle.ts';
import { openAccess } from './access.ts';
import type { GatewayEnv } from './gateway-env.ts';

export interface NodeGateway extends Gateway {
  readonly lifecycle: LifecycleControl;
  readonly log: Deps['log'];
}

/** The gateway as Node runs it. Doors ask it. Throws Error when its keys cannot be had. */
export function createNodeGateway(env: GatewayEnv): NodeGateway {
  const lifecycle = createLifecycle();
  const log: Deps['log'] = (event) => console.log(JSON.stringify(event));
  const gateway = createGateway({
    routes: env.CRIA_ROUTES,
    access: openAccess(env, log),
    limiter: createLimiter({ now: Date.now, newId: () => crypto.randomUUID() }),
    limits: toLimits(env),
    openMetrics: env.CRIA_METRICS === 'open',
    fetch,
    nowMs: Date.now,
    secret: (name) => process.env[name],
    newId: () => crypto.randomUUID(),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
    log,
    lifecycle,
    maxBodyBytes: env.CRIA_MAX_BODY,
    timeoutMs: env.CRIA_TIMEOUT * 1000,
  });
  return { ...gateway, lifecycle, log };
}
