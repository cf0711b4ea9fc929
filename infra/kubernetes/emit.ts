/** A site as Kubernetes manifests, for `kubectl apply`. */
import { ApiObject, App, Chart } from 'cdk8s';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1';
import { stringify } from 'yaml';
import { type EmittedFile, HEADER } from '../emitted-file.ts';
import { PlanError } from '../errors.ts';
import { catalogueFacts } from '../model-facts.ts';
import type { Plan } from '../plan.ts';
import type { Manifest } from './manifest.ts';
import { labelsOf, namespaceOf, quantity } from './names.ts';
import { networkObjects } from './network-objects.ts';
import { fetchesForItself } from './pod.ts';
import { workloadObjects } from './workload-objects.ts';

/** Throws PlanError when the weights lie where a pod cannot mount them. */
export function emitKubernetes(plan: Plan): EmittedFile[] {
  const files: readonly (readonly [path: string, objects: readonly Manifest[]])[] = [
    ['00-namespace.yaml', [namespace(plan)]],
    ...(sharesWeights(plan) ? [['10-weights.yaml', [weightsClaim(plan)]] as const] : []),
    ['20-network.yaml', networkObjects(plan)],
    ...plan.workloads.map(
      (workload) => [`30-${workload.name}.yaml`, workloadObjects(plan, workload)] as const,
    ),
  ];
  return files.map(([path, objects]) => ({ path, text: HEADER + documents(plan, objects) }));
}

/** Through cdk8s, which orders the keys, checks the names and leaves out what is undefined. */
function documents(plan: Plan, objects: readonly Manifest[]): string {
  const chart = new Chart(new App(), 'site', { disableResourceNameHashes: true });
  for (const { metadata, ...rest } of objects) {
    const isNamespace = rest.kind === 'Namespace';
    new ApiObject(chart, `${rest.kind}-${metadata.name}`, {
      ...rest,
      metadata: { ...metadata, ...(isNamespace ? {} : { namespace: namespaceOf(plan) }) },
    });
  }
  return (chart.toJson() as unknown[])
    .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}

function namespace(plan: Plan): Manifest {
  const level = 'restricted';
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespaceOf(plan),
      labels: {
        'pod-security.kubernetes.io/enforce': level,
        'pod-security.kubernetes.io/warn': level,
        'pod-security.kubernetes.io/audit': level,
      },
    },
  };
}

const sharesWeights = (plan: Plan): boolean =>
  plan.workloads.some(({ kind, volumes }) => volumes.length > 0 && !fetchesForItself(plan, kind));

const SPARE = 1.5; // a version beside the one it replaces, and partial files

/** Many pods read it, on several machines; each may be the first, which fetches. */
function weightsClaim(plan: Plan): Manifest {
  const { weights } = plan.site.stores;
  if (weights?.kind === 'directory')
    throw new PlanError([
      'stores.weights: kubernetes needs a volume or a bucket, not kind directory: write { kind: pvc, size: … }',
    ]);
  const volume = weights?.kind === 'pvc' ? weights : undefined; // for models on cards a bucket needs one, too
  const cards = plan.workloads.flatMap(({ kind, model }) => (kind === 'gpu' ? model!.facts.weightBytes : []));
  const fetched = plan.fetches.filter(({ store }) => store === undefined);
  const bytes = [...fetched.map(({ model }) => catalogueFacts(model).weightBytes), ...cards];
  const needed = bytes.reduce((sum, one) => sum + one, 0) * SPARE;
  if (volume !== undefined && volume.size < needed / SPARE)
    throw new PlanError([
      `stores.weights.size: the weights are ${quantity(needed / SPARE)} and the volume is ${quantity(volume.size)}`,
    ]);
  const spec: IPersistentVolumeClaim['spec'] = {
    accessModes: ['ReadWriteMany'],
    resources: { requests: { storage: quantity(volume?.size ?? needed) } },
    ...(volume?.storageClass === undefined ? {} : { storageClassName: volume.storageClass }),
  };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'weights', labels: labelsOf(plan, 'weights') },
    spec,
  };
}
