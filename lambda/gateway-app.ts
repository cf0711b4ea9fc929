import { setTimeout } from 'node:timers/promises';
import { toLimits } from '../app/access/limit-settings.ts';
import { createLimiter } from '../app/access/limiter.ts';
import type { Deps } from '../app/deps.ts';
import { checkGatewayKeys } from '../app/gateway/check-keys.ts';
import { createGateway, type Gateway } from '../app/gateway/gateway.ts';
import { createLifecycle, type LifecycleControl } from '../app/lifecycle.ts';
import { openAccess } from './access.ts';
import type { GatewayEnv } from './gateway-env.ts';
import { keptCredentials } from './kept-credentials.ts';
import { createS3Uploads } from './s3-uploads.ts';
import { ecsStarters } from './wake-ecs.ts';

export interface NodeGateway extends Gateway {
  readonly lifecycle: LifecycleControl;
  readonly log: Deps['log'];
}

/**
 * The gateway as Node runs it. Doors ask it. `variables` hold the secrets that the routes name.
 *
 * Throws   Error when its keys cannot be had
 */
export function createNodeGateway(env: GatewayEnv, variables: NodeJS.ProcessEnv): NodeGateway {
  const lifecycle = createLifecycle();
  const log: Deps['log'] = (event) => console.log(JSON.stringify(event));
  const aws = { region: env.AWS_REGION ?? '', credentials: keptCredentials(variables, Date.now), fetch };
  const uploads =
    env.CRIA_UPLOAD_BUCKET === undefined
      ? undefined
      : createS3Uploads({
          ...aws,
          bucket: env.CRIA_UPLOAD_BUCKET,
          endpoint: env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL,
          nowMs: Date.now,
          maxBytes: env.CRIA_MAX_UPLOAD,
        });
  const gateway = createGateway({
    routes: env.CRIA_ROUTES,
    access: openAccess(env, log, checkGatewayKeys),
    limiter: createLimiter({ now: Date.now, newId: () => crypto.randomUUID() }),
    limits: toLimits(env),
    openMetrics: env.CRIA_METRICS === 'open',
    fetch,
    nowMs: Date.now,
    secret: (name) => variables[name],
    newId: () => crypto.randomUUID(),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
    log,
    lifecycle,
    starters: ecsStarters(env.CRIA_WAKE, {
      ...aws,
      endpoint: env.AWS_ENDPOINT_URL_ECS ?? env.AWS_ENDPOINT_URL,
    }),
    pause: (ms, signal) => setTimeout(ms, undefined, { signal }),
    images: { uploads, hosts: env.CRIA_IMAGE_HOSTS },
    startMs: env.CRIA_START_TIMEOUT * 1000,
    maxBodyBytes: env.CRIA_MAX_BODY,
    bounds: { messages: env.CRIA_MAX_MESSAGES, images: env.CRIA_MAX_IMAGES },
    pages: env.CRIA_CORS,
    timeoutMs: env.CRIA_TIMEOUT * 1000,
  });
  return { ...gateway, lifecycle, log };
}
