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

/** The hub, PyPI, and other servers; not what lies in the cluster's own networks. */
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

function allow(plan: Plan, { name, kind, port }: Workload): Manifest {
  const { workloads, remotes, gateway, site } = plan;
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
      ...(!isGateway || remotes.length > 0 ? [INTERNET] : []),
      ...(isGateway ? [] : ownStore(plan)),
    ],
  });
}

/** A store of one's own, wherever it is: a policy knows addresses, and a URL has a name. */
function ownStore({ fetches }: Plan): NonNullable<Spec['egress']> {
  const endpoint = fetches.find(({ store }) => store?.endpoint)?.store?.endpoint;
  if (endpoint === undefined) return [];
  const { protocol, port } = new URL(endpoint);
  const number = Number(port) || (protocol === 'https:' ? 443 : 80);
  return [
    {
      to: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { namespaceSelector: {} }],
      ports: [{ protocol: 'TCP', port: number }],
    },
  ];
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
