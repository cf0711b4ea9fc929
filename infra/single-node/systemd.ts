/** A site as systemd units, without containers: for `cria` in /opt/cria. Source: systemd.unit(5), .service(5), .exec(5). */
import { memoryLimit } from '../container-env.ts';
import { type EmittedFile, HEADER } from '../emitted-file.ts';
import { PlanError } from '../errors.ts';
import { fetchName } from '../fetch.ts';
import type { Plan } from '../plan.ts';
import type { Fetch, Workload } from '../workload.ts';
import { type LocalPlace, localProcess } from './local-process.ts';
import { commandLine, quoted, type Setting, unitFile } from './unit-file.ts';

export interface SystemdOptions {
  /** The clone of Cria, built (`npm run build`). */
  readonly root: string;
}

/** Throws PlanError when a model needs a container. */
export function emitSystemd(plan: Plan, { root }: SystemdOptions): EmittedFile[] {
  const { site, workloads, fetches } = plan;
  refuseContainers(plan, 'systemd');
  const prefix = `cria-${site.name}`;
  const place: LocalPlace = {
    node: `${root}/node_modules/node/bin/node`,
    dist: `${root}/dist`,
    home: homeOf(plan),
    stateOf: (workload) => `/var/lib/cria/${site.name}/${workload}`,
  };
  const unit = (name: string, sections: Readonly<Record<string, readonly Setting[]>>): EmittedFile => ({
    path: `${prefix}-${name}.service`,
    text: HEADER + unitFile(sections),
  });
  return [
    {
      path: `${prefix}.target`,
      text:
        HEADER +
        unitFile({
          Unit: [
            ['Description', `Cria, site ${site.name}`],
            ['Wants', workloads.map(({ name }) => `${prefix}-${name}.service`).join(' ')],
          ],
          Install: [['WantedBy', 'multi-user.target']],
        }),
    },
    { path: `${prefix}.sysusers`, text: `${HEADER}u cria - "Cria" /var/lib/cria\n` },
    ...fetches.map((fetch) => unit(fetch.name, fetchUnit(plan, fetch, root, place))),
    ...workloads.map((workload) => unit(workload.name, workloadUnit(plan, workload, root, place))),
  ];
}

/** Throws PlanError when a model needs a container. */
export function refuseContainers({ workloads }: Plan, what: string): void {
  const gpu = workloads.filter(({ kind }) => kind === 'gpu').map(({ name }) => name);
  if (gpu.length > 0)
    throw new PlanError([
      `${what} runs no containers, which ${gpu.join(', ')} (engine gpu) needs: use compose or quadlet`,
    ]);
}

const homeOf = ({ site }: Plan): string =>
  site.stores.weights?.kind === 'directory' ? site.stores.weights.path : '/var/lib/cria/home';

/** What a server of ours has no use for. Not MemoryDenyWriteExecute: V8 compiles. */
const CONFINED: readonly Setting[] = [
  ['User', 'cria'],
  ['Group', 'cria'],
  ['NoNewPrivileges', 'yes'],
  ['CapabilityBoundingSet', ''],
  ['ProtectSystem', 'strict'],
  ['ProtectHome', 'yes'],
  ['PrivateTmp', 'yes'],
  ['PrivateDevices', 'yes'],
  ['ProtectKernelTunables', 'yes'],
  ['ProtectKernelModules', 'yes'],
  ['ProtectControlGroups', 'yes'],
  ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX AF_NETLINK'],
  ['RestrictNamespaces', 'yes'],
  ['LockPersonality', 'yes'],
  ['UMask', '0077'],
];

function workloadUnit(plan: Plan, workload: Workload, root: string, place: LocalPlace) {
  const { site } = plan;
  const { name, kind, model, secrets } = workload;
  const { argv, env } = localProcess(plan, workload, place);
  const fetches = workload.weights.map((one) => `cria-${site.name}-${fetchName(one)}.service`);
  return {
    Unit: [
      ['Description', `Cria, site ${site.name}: ${model ? `${model.facts.name} (${kind})` : kind}`],
      ['PartOf', `cria-${site.name}.target`],
      ['After', ['network-online.target', ...fetches].join(' ')],
      ['Wants', 'network-online.target'],
      ...fetches.map((one) => ['Requires', one] as const),
      ['StartLimitIntervalSec', 0],
    ],
    Service: [
      ['WorkingDirectory', root],
      ['ExecStart', commandLine(argv)],
      ...Object.entries(env).map(([key, value]) => ['Environment', quoted(`${key}=${value}`)] as const),
      ...(secrets.length > 0 ? [['EnvironmentFile', `/etc/cria/${site.name}.env`] as const] : []),
      ['Restart', 'always'],
      ['RestartSec', 2],
      ['TimeoutStopSec', 30],
      ['MemoryMax', memoryLimit(workload)],
      ...(kind === 'gateway' ? [] : [['StateDirectory', `cria/${site.name}/${name}`] as const]),
      ...CONFINED,
    ],
    Install: [['WantedBy', `cria-${site.name}.target`]],
  } satisfies Record<string, readonly Setting[]>;
}

function fetchUnit(
  plan: Plan,
  { model, env, secrets, argv: [, ...args] }: Fetch,
  root: string,
  { node, home }: LocalPlace,
) {
  return {
    Unit: [
      ['Description', `Cria: fetch and check ${model}`],
      ['After', 'network-online.target'],
      ['Wants', 'network-online.target'],
    ],
    Service: [
      ['Type', 'oneshot'],
      ['RemainAfterExit', 'yes'],
      ['WorkingDirectory', root],
      ['ExecStart', commandLine([node, ...args])],
      ...Object.entries({ CRIA_HOME: home, ...env }).map(
        ([key, value]) => ['Environment', quoted(`${key}=${value}`)] as const,
      ),
      ['EnvironmentFile', `${secrets.length > 0 ? '' : '-'}/etc/cria/${plan.site.name}.env`],
      ['TimeoutStartSec', 'infinity'],
      ['StateDirectory', 'cria/home'],
      ['ReadWritePaths', `-${home}`],
      ...CONFINED,
    ],
  } satisfies Record<string, readonly Setting[]>;
}
