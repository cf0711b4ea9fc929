/** A site as a Compose file: `docker compose up`, or podman-compose. Source: compose-spec, 05-services.md. */
import { stringify } from 'yaml';
import { containerEnv, healthCommand, memoryLimit, UID } from '../container-env.ts';
import { type EmittedFile, HEADER } from '../emitted-file.ts';
import { fetchName } from '../fetch.ts';
import type { Plan } from '../plan.ts';
import type { Fetch, SecretUse, Workload } from '../workload.ts';

export function emitCompose(plan: Plan): EmittedFile[] {
  const { site, workloads, fetches } = plan;
  const file = {
    name: `cria-${site.name}`,
    services: Object.fromEntries([
      ...fetches.map((fetch) => [fetch.name, fetchService(plan, fetch)]),
      ...workloads.map((workload) => [workload.name, service(plan, workload)]),
    ]),
    volumes: Object.fromEntries(volumesOf(workloads).map((name) => [name, volume(plan, name)])),
  };
  return [
    { path: 'compose.yaml', text: HEADER + stringify(file, { lineWidth: 0, aliasDuplicateObjects: false }) },
  ];
}

/** Nobody may write but to volumes and /tmp, or gain a right. */
const CONFINED = {
  read_only: true,
  tmpfs: ['/tmp'],
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
};

function service(plan: Plan, workload: Workload): object {
  const { name, kind, image, argv, port, secrets, volumes, gpus, cpus } = workload;
  const { listen } = plan.site.gateway;
  const needs = workload.weights.map(fetchName);
  return {
    image,
    command: argv.map(literal),
    restart: 'unless-stopped',
    init: true,
    ...(kind === 'gpu' ? { ipc: 'host' } : { user: `${UID}:${UID}`, ...CONFINED }),
    environment: {
      ...mapValues(containerEnv(plan, workload), literal),
      ...secretValues(secrets),
    },
    ...(kind === 'gateway'
      ? { ports: [`${listen.includes(':') ? `[${listen}]` : listen}:${port}:${port}`] }
      : { expose: [String(port)] }),
    ...(volumes.length > 0
      ? {
          volumes: volumes.map(
            (one) => `${one.name}:${one.path}${one.kind === 'weights' && kind !== 'gpu' ? ':ro' : ''}`,
          ),
        }
      : {}),
    ...(needs.length > 0
      ? {
          depends_on: Object.fromEntries(
            needs.map((one) => [one, { condition: 'service_completed_successfully' }]),
          ),
        }
      : {}),
    healthcheck: {
      test: ['CMD', ...healthCommand(workload)],
      interval: '10s',
      timeout: '5s',
      retries: 3,
      start_period: '300s',
    },
    stop_grace_period: '30s',
    mem_limit: memoryLimit(workload),
    cpus,
    ...(gpus > 0
      ? {
          deploy: {
            resources: {
              reservations: { devices: [{ driver: 'nvidia', count: gpus, capabilities: ['gpu'] }] },
            },
          },
        }
      : {}),
    labels: { 'cria.site': plan.site.name, 'cria.workload': name },
  };
}

function fetchService(plan: Plan, { argv, env, secrets, store }: Fetch): object {
  return {
    image: plan.gateway.image,
    command: argv,
    restart: 'on-failure:5',
    user: `${UID}:${UID}`,
    ...CONFINED,
    environment: {
      CRIA_HOME: weightsPath(plan),
      ...mapValues(env, literal),
      ...secretValues(secrets),
      ...(store === undefined || store.orHub ? { HF_TOKEN: `\${HF_TOKEN:-}` } : {}),
    },
    volumes: [`weights:${weightsPath(plan)}`],
  };
}

const weightsPath = ({ workloads }: Plan): string =>
  workloads.flatMap(({ volumes }) => volumes).find(({ kind }) => kind === 'weights')!.path;

function volume({ site }: Plan, name: string): object | null {
  const { weights } = site.stores;
  if (name !== 'weights' || weights?.kind !== 'directory') return null;
  return { driver: 'local', driver_opts: { type: 'none', o: 'bind', device: weights.path } };
}

const volumesOf = (workloads: readonly Workload[]) => [
  ...new Set(workloads.flatMap(({ volumes }) => volumes.map(({ name }) => name))),
];

const secretValues = (secrets: readonly SecretUse[]) =>
  Object.fromEntries(
    secrets.map(({ env, secret }) => [env, `\${${secret}:?set ${secret} in the environment or in .env}`]),
  );

/** Compose takes $ for a variable. */
const literal = (text: string): string => text.replaceAll('$', '$$$$');

const mapValues = (all: Readonly<Record<string, string>>, map: (value: string) => string) =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, map(value)]));
