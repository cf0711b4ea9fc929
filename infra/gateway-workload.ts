import { VERSION } from '../app/version.ts';
import { gatewayLimits } from './request-limits.ts';
import type { Site } from './site.ts';
import type { Remote, Workload } from './workload.ts';

/** Measured: 88 MB resident, with two backends and a few replies passed on. */
const GATEWAY_BYTES = 128 * 2 ** 20;

/** Cria's own image. */
export const imageOf = ({ images }: Site): string => images.cria ?? `cria:${VERSION}`;

/** The one door of the site. What cannot be is added to `problems`. */
export function gatewayOf(site: Site, remotes: readonly Remote[], problems: string[]): Workload {
  const { listen, port, replicas, cors, imageHosts } = site.gateway;
  const isPrivate = site.setup === 'single-node' && /^(127\.|localhost$|::1$)/.test(listen);
  const auth =
    site.gateway.auth ??
    (isPrivate ? { type: 'none' as const } : { type: 'bearer' as const, secret: 'CRIA_KEYS' });
  if (auth.type === 'none' && !isPrivate && site.setup === 'single-node')
    problems.push(
      `gateway.auth: ${listen} lets other machines in: write auth: { type: bearer }, or listen on 127.0.0.1`,
    );
  const hasOpenMetrics = opensMetrics(site, auth.type === 'bearer', problems);
  const proxies = proxiesOf(site) + site.gateway.proxies;
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
      ...(hasOpenMetrics ? { CRIA_METRICS: 'open' } : {}),
      ...(cors.length > 0 ? { CRIA_CORS: cors.join(',') } : {}),
      ...(imageHosts.length > 0 ? { CRIA_IMAGE_HOSTS: imageHosts.join(',') } : {}),
      ...(proxies > 0 ? { CRIA_PROXIES: String(proxies) } : {}),
      ...gatewayLimits(site),
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

/** Whether who has no key may see the metrics, where others need one. */
function opensMetrics({ observability }: Site, isKeyed: boolean, problems: string[]): boolean {
  const { metrics, serviceMonitor } = observability;
  if (metrics === 'key' && !isKeyed)
    problems.push('observability.metrics: key, and there are none: write gateway.auth: { type: bearer }');
  if (metrics === 'key' && serviceMonitor)
    problems.push(
      'observability.metrics: a ServiceMonitor brings no key: write open, or leave serviceMonitor out',
    );
  return isKeyed && (metrics ?? (serviceMonitor ? 'open' : 'key')) === 'open';
}

/** What stands before it in each setup and tells it, in X-Forwarded-For, who asked. */
function proxiesOf({ setup, cloud }: Site): number {
  switch (setup) {
    case 'single-node':
      return 0;
    case 'on-prem':
      return 1; // the Gateway of its HTTPRoute
    case 'cloud':
      return cloud.frontDoor === 'container' ? 2 : 1; // CloudFront, which nobody can get around, and the balancer
  }
}
