import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IPersistentVolumeClaim, IService } from 'kubernetes-models/v1';
import type { Plan } from '../plan.ts';
import type { Workload } from '../workload.ts';
import type { Manifest } from './manifest.ts';
import { labelsOf, quantity } from './names.ts';
import { podSpec } from './pod.ts';

/** What a workload is in Kubernetes. */
export function workloadObjects(plan: Plan, workload: Workload): Manifest[] {
  const { kind, replicas, volumes } = workload;
  const isStateful = replicas.max === 1 && volumes.some((one) => one.kind === 'state');
  return [
    deployment(plan, workload, isStateful),
    service(plan, workload),
    ...(isStateful ? [stateClaim(plan, workload)] : []),
    ...(isScaled(workload) ? [autoscaler(plan, workload)] : []),
    ...(replicas.min > 1 ? [disruptionBudget(plan, workload)] : []),
    ...(plan.site.observability.serviceMonitor && kind !== 'gpu' ? [serviceMonitor(plan, workload)] : []),
  ];
}

/** By the processor; a card's load Kubernetes does not know by itself. */
const isScaled = ({ kind, replicas }: Workload): boolean => kind !== 'gpu' && replicas.max > replicas.min;

function deployment(plan: Plan, workload: Workload, isStateful: boolean): Manifest {
  const { name, replicas } = workload;
  const labels = labelsOf(plan, name);
  const spec: IDeployment['spec'] = {
    ...(isScaled(workload) ? {} : { replicas: Math.max(1, replicas.min) }),
    revisionHistoryLimit: 5,
    strategy: isStateful // the volume goes from the old pod to the new one
      ? { type: 'Recreate' }
      : { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podSpec(plan, workload) },
  };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels }, spec };
}

function service(plan: Plan, { name, port }: Workload): Manifest {
  const labels = labelsOf(plan, name);
  const spec: IService['spec'] = { selector: labels, ports: [{ name: 'http', port, targetPort: 'http' }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec };
}

const STATE_BYTES = 2 ** 31; // CRIA_STORAGE's default, twice

/** Room for what is stored. */
function stateClaim(plan: Plan, { name }: Workload): Manifest {
  const { weights } = plan.site.stores;
  const storageClass = weights?.kind === 'pvc' ? weights.storageClass : undefined;
  const spec: IPersistentVolumeClaim['spec'] = {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: quantity(STATE_BYTES) } },
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
  };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${name}-state`, labels: labelsOf(plan, name) },
    spec,
  };
}

const BUSY_PERCENT = 75;
const CALM_SECONDS = 300; // loading a model again is dear

function autoscaler(plan: Plan, { name, replicas }: Workload): Manifest {
  const spec: IHorizontalPodAutoscaler['spec'] = {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: Math.max(1, replicas.min),
    maxReplicas: replicas.max,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: BUSY_PERCENT } },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: CALM_SECONDS } },
  };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, labels: labelsOf(plan, name) },
    spec,
  };
}

function disruptionBudget(plan: Plan, { name }: Workload): Manifest {
  const spec: IPodDisruptionBudget['spec'] = {
    maxUnavailable: 1,
    selector: { matchLabels: labelsOf(plan, name) },
  };
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, labels: labelsOf(plan, name) },
    spec,
  };
}

/** Source: prometheus-operator, monitoring.coreos.com/v1. */
function serviceMonitor(plan: Plan, { name }: Workload): Manifest {
  const labels = labelsOf(plan, name);
  const spec: IServiceMonitor['spec'] = {
    selector: { matchLabels: labels },
    endpoints: [{ port: 'http', path: '/metrics', interval: '30s' }],
  };
  return { apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor', metadata: { name, labels }, spec };
}
