/** Compose, systemd and Quadlet files read back as their programs read them. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Routes } from '../../../app/gateway/schema.ts';
import { plan } from '../../../infra/plan.ts';
import { readSite } from '../../../infra/read-site.ts';
import { emitCompose } from '../../../infra/single-node/compose.ts';
import { emitQuadlet } from '../../../infra/single-node/quadlet.ts';
import { emitSystemd } from '../../../infra/single-node/systemd.ts';
import { commandLine, quoted } from '../../../infra/single-node/unit-file.ts';

interface Service {
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly [key: string]: unknown;
}

const planned = plan(await readSite('sites/single-node.yaml'));
const onPrem = plan(await readSite('sites/on-prem.yaml'));

describe('the Compose file', () => {
  const read = (site: typeof planned) =>
    parse(emitCompose(site)[0]!.text) as {
      services: Record<string, Service>;
      volumes: Record<string, unknown>;
    };

  test('gives the gateway routes that it takes, each backend under its service’s name', () => {
    const { services } = read(onPrem);
    const routes = Routes.parse(JSON.parse(services.gateway!.environment.CRIA_ROUTES!));
    for (const { url } of routes.backends) expect(Object.keys(services)).toContain(new URL(url).hostname);
  });

  test('opens one port to others, and that only where the site listens', () => {
    const { services } = read(planned);
    const published = Object.values(services).flatMap(({ ports }) => ports ?? []);
    expect(published).toEqual(['127.0.0.1:8780:8780']);
  });

  test('starts servers once their weights are there, which they cannot write', () => {
    const { services, volumes } = read(planned);
    for (const name of ['smollm2-edge', 'smollm2-node']) {
      const { depends_on, volumes: mounts } = services[name]!;
      expect(depends_on).toEqual({
        'fetch-smollm2-135m-instruct-q4-1': { condition: 'service_completed_successfully' },
      });
      expect(mounts![0]).toMatch(/^weights:.+:ro$/);
    }
    for (const { volumes: mounts = [] } of Object.values(services))
      for (const mount of mounts) expect(Object.keys(volumes)).toContain(mount.split(':')[0]);
  });

  test('leaves our own containers no right to gain and nothing to write but volumes', () => {
    for (const [name, service] of Object.entries(read(onPrem).services))
      if (name !== 'vision')
        expect(service, name).toMatchObject({
          user: '1000:1000',
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
        });
  });

  test('has no secret in it, and fails without one', () => {
    const { environment } = read(onPrem).services.gateway!;
    expect(environment.CRIA_KEYS).toMatch(/^\$\{CRIA_KEYS:\?set CRIA_KEYS /);
  });
});

/** Keys we use. Source: systemd.directives(7) of 252, podman-systemd.unit(5) of Podman 5. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  Unit: ['Description', 'PartOf', 'After', 'Wants', 'Requires', 'StartLimitIntervalSec'],
  Install: ['WantedBy'],
  Service: [
    ...[
      'Type',
      'RemainAfterExit',
      'WorkingDirectory',
      'ExecStart',
      'Environment',
      'EnvironmentFile',
      'Restart',
      'RestartSec',
    ],
    ...[
      'TimeoutStopSec',
      'TimeoutStartSec',
      'MemoryMax',
      'StateDirectory',
      'ReadWritePaths',
      'User',
      'Group',
      'UMask',
    ],
    ...[
      'NoNewPrivileges',
      'CapabilityBoundingSet',
      'ProtectSystem',
      'ProtectHome',
      'PrivateTmp',
      'PrivateDevices',
    ],
    ...['ProtectKernelTunables', 'ProtectKernelModules', 'ProtectControlGroups', 'RestrictAddressFamilies'],
    ...['RestrictNamespaces', 'LockPersonality'],
  ],
  Container: [
    ...[
      'ContainerName',
      'NetworkAlias',
      'Network',
      'Image',
      'Exec',
      'Environment',
      'Secret',
      'Volume',
      'PublishPort',
    ],
    ...['AddDevice', 'User', 'Group', 'ReadOnly', 'DropCapability', 'NoNewPrivileges', 'Tmpfs', 'HealthCmd'],
    ...['HealthInterval', 'HealthStartPeriod', 'PodmanArgs'],
  ],
  Network: ['NetworkName'],
  Volume: ['VolumeName'],
};

/** A unit file's settings, by section and key. Throws at a line that is none. */
function readUnit(text: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  let section = '';
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (name !== undefined) {
      section = name;
      continue;
    }
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    expect(KNOWN[section], `[${section}] ${line}`).toContain(key);
    const at = `${section}.${key}`;
    settings.set(at, [...(settings.get(at) ?? []), value!]);
  }
  return settings;
}

/** What systemd makes of a quoted word: C-style escapes, %% for %. */
const unquote = (word: string) =>
  (word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, '$1') : word).replaceAll('%%', '%');

describe('units', () => {
  const files = [
    ...emitSystemd(planned, { root: '/opt/cria' }).filter(({ path }) => !path.endsWith('.sysusers')),
    ...emitQuadlet(planned),
    ...emitQuadlet(onPrem),
  ];

  test.each(files)('$path has only keys that its program knows', ({ text }) => {
    expect(readUnit(text).size).toBeGreaterThan(0);
  });

  test('each unit that another needs is there', () => {
    const names = (all: readonly { readonly path: string }[]) =>
      all.map(({ path }) => path.replace(/\.container$/, '.service'));
    for (const site of [emitSystemd(planned, { root: '/opt/cria' }), emitQuadlet(onPrem)])
      for (const { path, text } of site)
        for (const line of path.endsWith('.sysusers') ? [] : (readUnit(text).get('Unit.Requires') ?? []))
          expect(names(site), path).toContain(line);
  });

  test('volumes and networks of containers are there', () => {
    const site = emitQuadlet(onPrem);
    for (const { text } of site) {
      const settings = readUnit(text);
      for (const one of [
        ...(settings.get('Container.Volume') ?? []).map((volume) => volume.split(':')[0]!),
        ...(settings.get('Container.Network') ?? []),
      ])
        expect(site.map(({ path }) => path)).toContain(one);
    }
  });

  test('the gateway’s routes survive the quoting', () => {
    for (const [text, section] of [
      [
        emitSystemd(planned, { root: '/opt/cria' }).find(({ path }) => path.endsWith('gateway.service'))!
          .text,
        'Service',
      ],
      [emitQuadlet(onPrem).find(({ path }) => path.endsWith('gateway.container'))!.text, 'Container'],
    ] as const) {
      const line = readUnit(text)
        .get(`${section}.Environment`)!
        .find((one) => one.includes('CRIA_ROUTES'))!;
      const json = unquote(line).slice('CRIA_ROUTES='.length);
      expect(Routes.parse(JSON.parse(json)).backends.length).toBeGreaterThan(1);
    }
  });
});

test.each([
  { word: 'plain/path-1.2', written: 'plain/path-1.2' },
  { word: 'two words', written: '"two words"' },
  { word: 'say "hi"', written: '"say \\"hi\\""' },
  { word: 'C:\\x', written: '"C:\\\\x"' },
  { word: '100 %h', written: '"100 %%h"' },
  { word: '', written: '""' },
])('$word is written as $written', ({ word, written }) => {
  expect(quoted(word)).toBe(written);
  expect(unquote(written)).toBe(word);
});

test('in a command line a dollar is a dollar', () => {
  expect(commandLine(['echo', '$HOME'])).toBe('echo "$$HOME"');
});
