import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Namespace, PersistentVolumeClaim, Service } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Routes } from '../../../app/gateway/schema.ts';
import { emitKubernetes } from '../../../infra/kubernetes/emit.ts';
import { plan } from '../../../infra/plan.ts';
import { readSite } from '../../../infra/read-site.ts';
import { parseSite, type SiteInput } from '../../../infra/site.ts';

interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly securityContext: object;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly readOnly?: boolean }[];
  readonly resources: { readonly limits: Readonly<Record<string, string>> };
  readonly [probe: string]: unknown;
}

interface PodSpec {
  readonly containers: readonly [Container];
  readonly initContainers?: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
  readonly securityContext: object;
  readonly [key: string]: unknown;
}

interface Labelled {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

/** What we look at in any kind's; the validators judge the rest. */
interface Spec {
  readonly template: { readonly spec: PodSpec };
  readonly ports: readonly [{ readonly port: number }];
  readonly rules: readonly [
    { readonly backendRefs: readonly [{ readonly name: string; readonly port: number }] },
  ];
  readonly podSelector: Labelled;
  readonly ingress: readonly [
    { readonly ports: unknown; readonly from?: readonly { readonly podSelector?: Labelled }[] },
  ];
}

interface Parsed {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: Spec;
}

const KINDS = {
  Deployment,
  HorizontalPodAutoscaler,
  NetworkPolicy,
  PodDisruptionBudget,
  Namespace,
  PersistentVolumeClaim,
  Service,
  HTTPRoute,
  ServiceMonitor,
};

const objectsOf = (planned: ReturnType<typeof plan>): Parsed[] =>
  emitKubernetes(planned).flatMap(({ text }) =>
    parseAllDocuments(text).map((document) => document.toJS() as Parsed),
  );

/** Throws where Kubernetes would refuse it. */
function validate(object: Parsed): void {
  const Kind = KINDS[object.kind as keyof typeof KINDS];
  expect(Kind, object.kind).toBeDefined();
  expect(object.apiVersion).toBe(Kind.apiVersion);
  new Kind(object as never).validate();
}

describe.each(['single-node.yaml', 'on-prem.yaml', 'kserve.yaml'])('sites/%s', async (file) => {
  const planned = plan(await readSite(`sites/${file}`));
  const objects = objectsOf(planned);
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const pods = of('Deployment').map(({ metadata, spec }) => ({
    name: metadata.name,
    pod: spec.template.spec as PodSpec,
  }));

  test.each(objects.map((object) => ({ what: `${object.kind} ${object.metadata.name}`, object })))(
    '$what is valid',
    ({ object }) => {
      validate(object);
    },
  );

  test('no two objects are one', () => {
    const keys = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('all lie in the site’s namespace, which holds pods to the profile restricted', () => {
    const [namespace] = of('Namespace');
    expect(namespace!.metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
    for (const { kind, metadata } of objects)
      if (kind !== 'Namespace') expect(metadata.namespace).toBe(namespace!.metadata.name);
  });

  test('every container is one that the profile admits, with a root it cannot write', () => {
    for (const { name, pod } of pods) {
      expect(pod, name).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const { securityContext } of [...pod.containers, ...(pod.initContainers ?? [])])
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      expect(JSON.stringify(pod)).not.toMatch(/hostPath|hostNetwork|hostPort|privileged/);
    }
  });

  test('every volume, claim, port and service that is named is there', () => {
    const claims = of('PersistentVolumeClaim').map(({ metadata }) => metadata.name);
    for (const { name, pod } of pods) {
      for (const { volumeMounts } of [...pod.containers, ...(pod.initContainers ?? [])])
        for (const mount of volumeMounts)
          expect(pod.volumes.map((volume) => volume.name)).toContain(mount.name);
      for (const { persistentVolumeClaim } of pod.volumes)
        if (persistentVolumeClaim) expect(claims).toContain(persistentVolumeClaim.claimName);
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
        expect(pod.containers[0][probe], `${name} ${probe}`).toMatchObject({ httpGet: { port: 'http' } });
      expect(pod.containers[0].ports).toContainEqual(expect.objectContaining({ name: 'http' }));
    }
    const gateway = pods.find(({ name }) => name === 'gateway')!.pod.containers[0];
    const routes = Routes.parse(JSON.parse(gateway.env!.find(({ name }) => name === 'CRIA_ROUTES')!.value!));
    const services = of('Service').map(({ metadata, spec }) => `${metadata.name}:${spec.ports[0].port}`);
    const others = planned.remotes.map(({ url }) => url);
    for (const { url } of routes.backends.filter((one) => !others.includes(one.url)))
      expect(services).toContain(new URL(url).host);
    const [route] = of('HTTPRoute');
    const [{ name, port }] = route!.spec.rules[0].backendRefs;
    expect(services).toContain(`${name}:${port}`);
  });

  test('no secret’s value is in it', () => {
    for (const { pod } of pods)
      for (const { env = [] } of pod.containers)
        for (const one of env)
          if (planned.secrets.includes(one.name))
            expect(one).toEqual({
              name: one.name,
              valueFrom: { secretKeyRef: { name: `cria-${planned.site.name}`, key: one.name } },
            });
  });

  test('models hear the gateway alone, and all that is not allowed is forbidden', () => {
    const policies = new Map(of('NetworkPolicy').map(({ metadata, spec }) => [metadata.name, spec]));
    expect(policies.get('deny-all')).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    for (const { name, kind, port } of planned.workloads) {
      const { ingress, podSelector } = policies.get(name)!;
      expect(podSelector.matchLabels?.['app.kubernetes.io/name']).toBe(name);
      expect(ingress[0].ports).toEqual([{ protocol: 'TCP', port }]);
      if (kind === 'gateway') continue;
      const from = ingress[0].from!.map(
        ({ podSelector: pod }) => pod?.matchLabels?.['app.kubernetes.io/name'],
      );
      expect(from.filter((one) => one !== undefined)).toEqual(['gateway']); // undefined: the namespace of monitoring
    }
  });

  test('only the fetcher writes the weights', () => {
    for (const { pod } of pods.filter(({ pod: { initContainers } }) => initContainers)) {
      expect(pod.containers[0].volumeMounts.find(({ name }) => name === 'weights')).toMatchObject({
        readOnly: true,
      });
      expect(pod.initContainers![0].command.slice(0, 2)).toEqual(['flock', '/var/lib/cria/home/.fetch.lock']);
    }
  });
});

const planOf = (fields: Partial<SiteInput>) =>
  plan(
    parseSite({ name: 'lab', setup: 'on-prem', models: [{ id: 'smollm2', engine: 'node' }], ...fields }, ''),
  );

test('a model on cards asks for them', async () => {
  const objects = objectsOf(plan(await readSite('sites/on-prem.yaml')));
  const vision = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'vision')!;
  expect(vision.spec.template.spec.containers[0].resources.limits['nvidia.com/gpu']).toBe('2');
});

test('several of one model grow with their load and keep nothing; one keeps a volume, and never runs beside itself', () => {
  const deploymentOf = (replicas: { min: number; max: number }) => {
    const objects = objectsOf(planOf({ models: [{ id: 'smollm2', engine: 'node', name: 'm', replicas }] }));
    const deployment = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'm')!;
    return {
      spec: deployment.spec,
      kinds: objects.filter(({ metadata }) => metadata.name.startsWith('m')).map(({ kind }) => kind),
    };
  };
  const one = deploymentOf({ min: 1, max: 1 });
  expect(one.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  expect(one.kinds).toContain('PersistentVolumeClaim');
  const several = deploymentOf({ min: 2, max: 5 });
  expect(several.spec).not.toHaveProperty('replicas'); // the autoscaler's to say
  expect(several.kinds).toEqual(expect.arrayContaining(['HorizontalPodAutoscaler', 'PodDisruptionBudget']));
  expect(several.kinds).not.toContain('PersistentVolumeClaim');
});

test.each([
  {
    url: 'http://llama.models.svc.cluster.local/v1',
    to: '{"kubernetes.io/metadata.name":"models"}',
    port: undefined,
  },
  { url: 'http://10.1.2.3:8000/v1', to: '"10.1.2.3/32"', port: 8000 },
  { url: 'https://llm.example.com/v1', to: '"0.0.0.0/0"', port: 443 },
])('the gateway reaches $url, and spans their collector', ({ url, to, port }) => {
  const planned = planOf({
    models: [
      { id: 'smollm2', engine: 'node', name: 'm' },
      { id: 'x', engine: 'remote', name: 'other', url },
    ],
    observability: { tracing: { endpoint: 'http://collector.monitoring.svc:4318' } },
  });
  const objects = objectsOf(planned);
  for (const object of objects) validate(object);
  const egressOf = (name: string) => {
    const found = objects.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === name)!;
    return (found.spec as unknown as { egress: { to: object[]; ports?: { port: number }[] }[] }).egress;
  };
  const rule = egressOf('gateway').find((one) => JSON.stringify(one.to).includes(to));
  expect(rule).toBeDefined();
  expect(rule!.ports?.map((one) => one.port)).toEqual(port && [port]);
  for (const name of ['gateway', 'm'])
    expect(JSON.stringify(egressOf(name)), name).toContain('"kubernetes.io/metadata.name":"monitoring"');
  expect(JSON.stringify(egressOf('m'))).not.toContain(to === '"0.0.0.0/0"' ? '"namespaceSelector":{}' : to);
});

test('from a bucket each pod gets a copy of its own, with keys by name; only cards share a volume', () => {
  const weights = {
    kind: 's3',
    bucket: 'weights',
    region: 'eu-west-1',
    endpoint: 'http://minio.storage:9000',
  } as const;
  const planned = planOf({ stores: { weights } });
  const objects = objectsOf(planned);
  for (const object of objects) validate(object);
  expect(objects.filter(({ kind }) => kind === 'PersistentVolumeClaim')).toHaveLength(1); // its state
  const name = 'smollm2-135m-instruct-q4-1';
  const deployment = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name)!;
  const { volumes, initContainers } = deployment.spec.template.spec;
  expect(volumes).toContainEqual({ name: 'weights', emptyDir: { sizeLimit: '141Mi' } });
  expect(initContainers![0]).toMatchObject({
    command: [
      ...['flock', '/var/lib/cria/home/.fetch.lock', 'node', 'models/cli/cria.ts', 'pull'],
      ...['smollm2-135m-instruct-q4_1', '--from', 's3://weights', '--endpoint', 'http://minio.storage:9000'],
    ],
    env: expect.arrayContaining([
      { name: 'AWS_REGION', value: 'eu-west-1' },
      {
        name: 'AWS_SECRET_ACCESS_KEY',
        valueFrom: { secretKeyRef: { name: 'cria-lab', key: 'AWS_SECRET_ACCESS_KEY' } },
      },
    ]),
  });
  const policy = objects.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === name)!;
  expect(JSON.stringify(policy)).toContain('"port":9000');

  const withCards = planOf({
    stores: { weights },
    images: { gpu: 'sglang@sha256:0' },
    models: [{ id: 'llama-3.2-11b-vision-instruct', engine: 'gpu', name: 'vision' }],
  });
  expect(objectsOf(withCards).filter(({ kind }) => kind === 'PersistentVolumeClaim')).toHaveLength(1);
});

test.each([
  {
    stores: { weights: { kind: 'directory', path: '/srv/weights' } },
    says: 'stores.weights: kubernetes needs a volume or a bucket, not kind directory',
  },
  {
    stores: { weights: { kind: 'pvc', size: '10MiB' } },
    says: 'stores.weights.size: the weights are 94Mi and the volume is 10Mi',
  },
] as const)('refuses $says', ({ stores, says }) => {
  expect(() => emitKubernetes(planOf({ stores }))).toThrow(says);
});

test.each([
  { kind: 'Deployment', spoil: (spec: object) => Object.assign(spec, { template: undefined }) },
  { kind: 'HTTPRoute', spoil: (spec: object) => Object.assign(spec, { hostnames: ['no host'] }) },
  {
    kind: 'ServiceMonitor',
    spoil: (spec: object) => Object.assign(spec, { endpoints: [{ interval: 'x' }] }),
  },
  {
    kind: 'NetworkPolicy',
    spoil: (spec: object) => Object.assign(spec, { policyTypes: 'Ingress' }),
  },
])('a spoiled $kind would be found', ({ kind, spoil }) => {
  const object = objectsOf(planOf({ observability: { serviceMonitor: true } })).find(
    (one) => one.kind === kind,
  )!;
  spoil(object.spec);
  expect(() => validate(object)).toThrow();
});
