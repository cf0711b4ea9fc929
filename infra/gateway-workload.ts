import { VERSION } from '../app/version.ts';
import type { Site } from './site.ts';
import type { Remote, Workload } from './workload.ts';

/** Measured: 88 MB resident, with two backends and a few replies passed on. */
const GATEWAY_BYTES = 128 * 2 ** 20;

/** Cria's own image. */
export const imageOf = ({ images }: Site): string => images.cria ?? `cria:${VERSION}`;

/** The one door of the site. What cannot be is added to `problems`. */
export function gatewayOf(site: Site, remotes: readonly Remote[], problems: string[]): Workload {
  const { listen, port, limits, replicas } = site.gateway;
  const isPrivate = site.setup === 'single-node' && /^(127\.|localhost$|::1$)/.test(listen);
  const auth =
    site.gateway.auth ??
    (isPrivate ? { type: 'none' as const } : { type: 'bearer' as const, secret: 'CRIA_KEYS' });
  if (auth.type === 'none' && !isPrivate && site.setup === 'single-node')
    problems.push(
      `gateway.auth: ${listen} lets other machines in: write auth: { type: bearer }, or listen on 127.0.0.1`,
    );
  return {
    name: 'gateway',
    kind: 'gateway',
    image: imageOf(site),
    argv: ['node', 'dist/lambda/gateway/index.mjs'],
    port,
    env: {
      HOST: '0.0.0.0',
      PORT: String(port),
      CRIA_AUTH: auth.type,
      ...(site.observability.serviceMonitor && auth.type === 'bearer' ? { CRIA_METRICS: 'open' } : {}), // Prometheus has no key
      CRIA_MAX_BODY: String(limits.body),
      CRIA_TIMEOUT: String(limits.timeoutSeconds),
      ...given('CRIA_LIMIT_REQUESTS', limits.requestsPerMinute),
      ...given('CRIA_LIMIT_TOKENS', limits.tokensPerMinute),
      ...given('CRIA_LIMIT_CONCURRENCY', limits.concurrency),
    },
    secrets: [
      ...(auth.type === 'bearer' ? [{ env: 'CRIA_KEYS', secret: auth.secret }] : []),
      ...remotes.flatMap(({ key }) => (key ? [key] : [])),
    ],
    volumes: [],
    weights: [],
    health: '/v1/health/ready',
    live: '/v1/health/live',
    replicas: { min: replicas, max: replicas },
    warm: undefined,
    cpus: 1,
    memory: GATEWAY_BYTES,
    model: undefined,
    gpus: 0,
    gpuMemory: undefined,
    instance: undefined,
  };
}

const given = (name: string, value: number | undefined): Record<string, string> =>
  value === undefined ? {} : { [name]: String(value) };
