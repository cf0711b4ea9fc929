import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import type { INetworkPolicy, INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1';
import type { Plan } from '../plan.ts';
import type { Workload } from '../workload.ts';
import type { Manifest } from './manifest.ts';
import { labelsOf, namespaceOf } from './names.ts';

/** Who may talk to whom: clients to the gateway, the gateway to the models, and nobody else. */
export function networkObjects(plan: Plan): Manifest[] {
  return [denyAll(plan), ...plan.workloads.map((workload) => allow(plan, workload)), httpRoute(plan)];
}

type Spec = NonNullable<INetworkPolicy['spec']>;

function policy(plan: Plan, name: string, spec: Spec): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, labels: labelsOf(plan, name) },
    spec,
  };
}

const denyAll = (plan: Plan): Manifest =>
  policy(plan, 'deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });

const DNS = {
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
} satisfies NonNullable<Spec['egress']>[number];

/** The hub; not what lies in the cluster's own networks. */
const INTERNET = {
  to: [
    {
      ipBlock: {
        cidr: '0.0.0.0/0',
        except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'],
      },
    },
  ],
  ports: [{ protocol: 'TCP', port: 443 }],
} satisfies NonNullable<Spec['egress']>[number];

function allow(plan: Plan, { name, kind, port, env }: Workload): Manifest {
  const { workloads, remotes, gateway, site, fetches } = plan;
  const podOf = (workload: string) => ({ podSelector: { matchLabels: labelsOf(plan, workload) } });
  const isGateway = kind === 'gateway';
  const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };
  const tcp = (number: number): INetworkPolicyPort => ({ protocol: 'TCP', port: number });
  const models = workloads.filter((one) => one.kind !== 'gateway');
  return policy(plan, name, {
    podSelector: { matchLabels: labelsOf(plan, name) },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        ...(isGateway
          ? {}
          : { from: [podOf(gateway.name), ...(site.observability.serviceMonitor ? [monitoring] : [])] }),
        ports: [tcp(port)],
      },
    ],
    egress: [
      DNS,
      ...(isGateway ? models.map((one) => ({ to: [podOf(one.name)], ports: [tcp(one.port)] })) : []),
      ...(isGateway ? [] : [INTERNET]),
      ...unique([
        ...(isGateway ? remotes.map(({ url }) => url) : fetches.map(({ store }) => store?.endpoint)),
        env.OTEL_EXPORTER_OTLP_ENDPOINT,
      ]).map(egressTo),
    ],
  });
}

const unique = (urls: readonly (string | undefined)[]): string[] => [
  ...new Set(urls.flatMap((url) => url ?? [])),
];

/**
 * To a server that the site names. A policy knows addresses and namespaces, and a URL has a name: a Service of the cluster's is
 * allowed with its whole namespace, since its port is not that of its pods; another name at its port, wherever it is.
 */
function egressTo(url: string): NonNullable<Spec['egress']>[number] {
  const { protocol, hostname, port } = new URL(url);
  const [, namespace] = /^[^.]+\.([^.]+)\.svc(\.|$)/.exec(hostname) ?? [];
  if (namespace !== undefined)
    return { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }] };
  const number = Number(port) || (protocol === 'https:' ? 443 : 80);
  const isAddress = /^\d+(\.\d+){3}$/.test(hostname);
  return {
    to: isAddress
      ? [{ ipBlock: { cidr: `${hostname}/32` } }]
      : [{ ipBlock: { cidr: '0.0.0.0/0' } }, { namespaceSelector: {} }],
    ports: [{ protocol: 'TCP', port: number }],
  };
}

/** Only the API: health of single models and /metrics stay inside. Source: Gateway API v1, gateway.networking.k8s.io. */
function httpRoute(plan: Plan): Manifest {
  const { gateway, site } = plan;
  const { name, namespace } = site.gateway.parent;
  const spec: IHTTPRoute['spec'] = {
    parentRefs: [{ name, ...(namespace === undefined ? {} : { namespace }) }],
    ...(site.gateway.hosts.length > 0 ? { hostnames: site.gateway.hosts } : {}),
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/v1' } }],
        backendRefs: [{ name: gateway.name, port: gateway.port }],
        timeouts: { request: '0s' }, // a stream may take long; the gateway has its own limits
      },
    ],
  };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: namespaceOf(plan), labels: labelsOf(plan, gateway.name) },
    spec,
  };
}
