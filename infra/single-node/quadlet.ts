/** A site as Quadlet files: Podman's containers as systemd units. Source: podman-systemd.unit(5), of Podman 5. */
import { containerEnv, healthCommand, memoryLimit, UID } from '../container-env.ts';
import { type EmittedFile, HEADER } from '../emitted-file.ts';
import { fetchName } from '../fetch.ts';
import type { Plan } from '../plan.ts';
import type { Fetch, Workload } from '../workload.ts';
import { commandLine, quoted, type Setting, unitFile } from './unit-file.ts';

export function emitQuadlet(plan: Plan): EmittedFile[] {
  const { site, workloads, fetches } = plan;
  const prefix = `cria-${site.name}`;
  const volumes = [...new Set(workloads.flatMap((one) => one.volumes.map(({ name }) => name)))];
  const file = (path: string, sections: Readonly<Record<string, readonly Setting[]>>): EmittedFile => ({
    path,
    text: HEADER + unitFile(sections),
  });
  return [
    file(`${prefix}.network`, { Network: [['NetworkName', prefix]] }),
    ...volumes
      .filter((name) => hostFolder(plan, name) === undefined)
      .map((name) => file(`${prefix}-${name}.volume`, { Volume: [['VolumeName', `${prefix}-${name}`]] })),
    ...fetches.map((fetch) => file(`${prefix}-${fetch.name}.container`, fetchUnit(plan, fetch))),
    ...workloads.map((one) => file(`${prefix}-${one.name}.container`, workloadUnit(plan, one))),
  ];
}

const CONFINED: readonly Setting[] = [
  ['User', UID],
  ['Group', UID],
  ['ReadOnly', 'true'],
  ['DropCapability', 'all'],
  ['NoNewPrivileges', 'true'],
  ['Tmpfs', '/tmp'],
];

function workloadUnit(plan: Plan, workload: Workload) {
  const { site } = plan;
  const { name, kind, image, argv, port, secrets, volumes, model, gpus } = workload;
  const { listen } = site.gateway;
  const fetches = workload.weights.map((one) => `cria-${site.name}-${fetchName(one)}.service`);
  return {
    Unit: [
      ['Description', `Cria, site ${site.name}: ${model ? `${model.facts.name} (${kind})` : kind}`],
      ...fetches.flatMap((one) => [['Requires', one] as const, ['After', one] as const]),
    ],
    Container: [
      ['ContainerName', `cria-${site.name}-${name}`],
      ['NetworkAlias', name],
      ['Network', `cria-${site.name}.network`],
      ['Image', image],
      ['Exec', commandLine(argv)],
      ...Object.entries(containerEnv(plan, workload)).map(
        ([key, value]) => ['Environment', quoted(`${key}=${value}`)] as const,
      ),
      ...secrets.map(({ env, secret }) => ['Secret', `${secret},type=env,target=${env}`] as const),
      ...volumes.map(
        (one) =>
          [
            'Volume',
            `${source(plan, one.name)}:${one.path}${one.kind === 'weights' && kind !== 'gpu' ? ':ro' : ''}`,
          ] as const,
      ),
      ...(kind === 'gateway'
        ? [['PublishPort', `${listen.includes(':') ? `[${listen}]` : listen}:${port}:${port}`] as const]
        : []),
      ...(gpus > 0 ? [['AddDevice', 'nvidia.com/gpu=all'] as const] : CONFINED),
      ['HealthCmd', JSON.stringify(healthCommand(workload)).replaceAll('%', '%%')],
      ['HealthInterval', '10s'],
      ['HealthStartPeriod', '300s'],
      ['PodmanArgs', `--memory=${memoryLimit(workload)}`],
    ],
    Service: [
      ['Restart', 'always'],
      ['RestartSec', 2],
      ['TimeoutStopSec', 30],
    ],
    Install: [['WantedBy', 'default.target']],
  } satisfies Record<string, readonly Setting[]>;
}

function fetchUnit(plan: Plan, { name, model, argv, env, secrets }: Fetch) {
  const { path } = plan.workloads.flatMap(({ volumes }) => volumes).find(({ kind }) => kind === 'weights')!;
  return {
    Unit: [['Description', `Cria: fetch and check ${model}`]],
    Container: [
      ['ContainerName', `cria-${plan.site.name}-${name}`],
      ['Image', plan.gateway.image],
      ['Exec', commandLine(argv)],
      ...Object.entries({ CRIA_HOME: path, ...env }).map(
        ([key, value]) => ['Environment', quoted(`${key}=${value}`)] as const,
      ),
      ...secrets.map((one) => ['Secret', `${one.secret},type=env,target=${one.env}`] as const),
      ['Volume', `${source(plan, 'weights')}:${path}`],
      ...CONFINED,
    ],
    Service: [
      ['Type', 'oneshot'],
      ['RemainAfterExit', 'yes'],
      ['TimeoutStartSec', 'infinity'],
    ],
  } satisfies Record<string, readonly Setting[]>;
}

/** A folder of the machine, or a volume of Podman's. */
const source = (plan: Plan, name: string): string =>
  hostFolder(plan, name) ?? `cria-${plan.site.name}-${name}.volume`;

function hostFolder({ site }: Plan, name: string): string | undefined {
  const { weights } = site.stores;
  return name === 'weights' && weights?.kind === 'directory' ? weights.path : undefined;
}
