import type { IContainer, IEnvVar, IPodSpec, IVolume } from 'kubernetes-models/v1';
import { containerEnv, memoryLimit, UID } from '../container-env.ts';
import { catalogueFacts } from '../model-facts.ts';
import type { Plan } from '../plan.ts';
import type { Workload } from '../workload.ts';
import { labelsOf, quantity, secretOf } from './names.ts';

/** What the profile `restricted` of Pod Security asks of a container, and a root that cannot be written. */
const CONFINED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} satisfies IContainer['securityContext'];

/** A workload's pod: the weights are fetched and checked before it starts, and it can write nothing but its own volumes. */
export function podSpec(plan: Plan, workload: Workload): IPodSpec {
  const fetches = fetchContainers(plan, workload);
  return {
    automountServiceAccountToken: false, // nothing here asks Kubernetes
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      fsGroup: UID,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labelsOf(plan, workload.name) },
      },
    ],
    ...(fetches.length > 0 ? { initContainers: fetches } : {}),
    containers: [container(plan, workload)],
    volumes: volumes(plan, workload),
  };
}

function container(plan: Plan, workload: Workload): IContainer {
  const { name, kind, image, argv, port, health, live, cpus, memory, gpus } = workload;
  const probe = (path: string) => ({ httpGet: { path, port: 'http' }, timeoutSeconds: 3 });
  return {
    name,
    image,
    command: [...argv],
    env: environment(plan, workload),
    ports: [{ name: 'http', containerPort: port }],
    startupProbe: { ...probe(live), periodSeconds: 5, failureThreshold: kind === 'gpu' ? 240 : 60 },
    livenessProbe: { ...probe(live), periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...probe(health), periodSeconds: 5, failureThreshold: 2 },
    resources: {
      requests: { cpu: String(cpus), memory: quantity(memory) },
      limits: {
        memory: quantity(memoryLimit(workload)),
        ...(gpus > 0 ? { 'nvidia.com/gpu': String(gpus) } : {}),
      },
    },
    securityContext: CONFINED,
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(kind === 'gpu' ? [{ name: 'shm', mountPath: '/dev/shm' }] : []),
      ...workload.volumes.map((one) => ({
        name: one.kind,
        mountPath: one.path,
        ...(one.kind === 'weights' && kind !== 'gpu' ? { readOnly: true } : {}),
      })),
    ],
  };
}

function environment(plan: Plan, workload: Workload): IEnvVar[] {
  return [
    ...Object.entries(containerEnv(plan, workload)).map(([name, value]) => ({ name, value })),
    ...(workload.kind === 'gpu' ? [{ name: 'HOME', value: '/tmp' }] : []),
    ...workload.secrets.map(({ env, secret }) => ({
      name: env,
      valueFrom: secretKey(plan, secret),
    })),
  ];
}

const secretKey = (plan: Plan, key: string) => ({ secretKeyRef: { name: secretOf(plan), key } });

/** One pod after the other fetches what is not there yet: a lock on the volume keeps them apart. */
function fetchContainers(plan: Plan, { weights, volumes: mounts }: Workload): IContainer[] {
  return weights.map((model) => {
    const { name, argv, env, secrets, store } = plan.fetches.find((one) => one.model === model)!;
    const { path } = mounts.find(({ kind }) => kind === 'weights')!;
    return {
      name,
      image: plan.gateway.image,
      command: ['flock', `${path}/.fetch.lock`, ...argv],
      env: [
        ...Object.entries({ CRIA_HOME: path, ...env }).map(([key, value]) => ({ name: key, value })),
        ...secrets.map((one) => ({ name: one.env, valueFrom: secretKey(plan, one.secret) })),
        ...(store === undefined || store.orHub
          ? [
              {
                name: 'HF_TOKEN',
                valueFrom: { secretKeyRef: { name: secretOf(plan), key: 'HF_TOKEN', optional: true } },
              },
            ]
          : []),
      ],
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } },
      securityContext: CONFINED,
      volumeMounts: [
        { name: 'tmp', mountPath: '/tmp' },
        { name: 'weights', mountPath: path },
      ],
    };
  });
}

/** State outlives the pod only where there is one pod: several could not share it. */
function volumes(plan: Plan, { name, kind, volumes: mounts, replicas, weights }: Workload): IVolume[] {
  return [
    { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
    ...(kind === 'gpu' ? [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '8Gi' } }] : []),
    ...mounts.map((one): IVolume => {
      if (one.kind === 'weights')
        return fetchesForItself(plan, kind)
          ? { name: 'weights', emptyDir: { sizeLimit: quantity(SPARE * weightBytes(weights)) } }
          : { name: 'weights', persistentVolumeClaim: { claimName: 'weights' } };
      return replicas.max === 1
        ? { name: 'state', persistentVolumeClaim: { claimName: `${name}-state` } }
        : { name: 'state', emptyDir: {} };
    }),
  ];
}

const SPARE = 1.5; // partial files, and what packing adds

const weightBytes = (models: readonly string[]): number =>
  models.reduce((sum, one) => sum + catalogueFacts(one).weightBytes, 0);

/** From a bucket each pod gets its own copy: no volume has to be shared. SGLang gets its weights from the hub. */
export const fetchesForItself = ({ fetches }: Plan, kind: Workload['kind']): boolean =>
  kind !== 'gpu' && fetches.some(({ store }) => store !== undefined);
