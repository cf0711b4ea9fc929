/** The images, as far as a machine without a container engine can tell: their files, and what they run. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, constants, copyFile, cp, mkdir, mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { validate } from 'dockerfile-utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { V8_FLAGS } from '../../infra/v8-flags.ts';
import { CATALOGUE } from '../../models/catalogue.ts';
import { filePath } from '../../models/cli/pull.ts';
import { buildAll } from '../../scripts/build.ts';
import { productionBom } from '../../scripts/sbom.ts';
import { makeReadOnly, makeWritable, NOBODY } from '../support/read-only-tree.ts';
import { smollm2Path } from '../support/smollm2.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILES = ['lambda/Dockerfile', 'lambda/gpu.Dockerfile'] as const;
const textOf = (file: string) => readFile(join(ROOT, file), 'utf8');
/** Of the last stage: what the image has, not what its making had. */
const instructionsOf = (text: string) => {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n');
  return lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
};
const find = (lines: readonly string[], start: string) => lines.filter((line) => line.startsWith(start));
/** The command of a CMD or a HEALTHCHECK, which both are lists: no shell is needed. */
const commandIn = (line: string): string[] => JSON.parse(/CMD (\[.*\])$/.exec(line)![1]!);

test('the server runs in it as in every other setup', async () => {
  const lines = instructionsOf(await textOf(FILES[0]));
  expect(commandIn(find(lines, 'CMD ')[0]!)).toEqual(['node', ...V8_FLAGS, 'dist/lambda/server.mjs']);
});

describe.each(FILES)('%s', (file) => {
  test('has no mistakes', async () => {
    expect(validate(await textOf(file)).map(({ message }) => message)).toEqual([]);
  });

  test('ends with a user who is not root, says how its health is, and waits for no shell', async () => {
    const lines = instructionsOf(await textOf(file));
    const user = lines.indexOf('USER 1000:1000');
    expect(user).toBeGreaterThan(0);
    expect(lines.slice(user).filter((line) => /^(USER|RUN|COPY|ADD) /.test(line))).toEqual([
      'USER 1000:1000',
    ]);
    expect(find(lines, 'HEALTHCHECK ')).toHaveLength(1);
    expect(commandIn(find(lines, 'HEALTHCHECK ')[0]!).length).toBeGreaterThan(1);
    expect(commandIn(find(lines, 'CMD ')[0]!).length).toBeGreaterThan(1);
  });

  test('takes its base from one argument, which may be a digest, and nothing by address', async () => {
    const text = await textOf(file);
    const [, name] = /^ARG (\w+_IMAGE)(?:=.*)?$/m.exec(text)!;
    for (const [, base] of text.matchAll(/^FROM (\S+)/gm)) expect(base).toBe(`\${${name}}`);
    expect(text).not.toMatch(/^ADD /m);
    expect(text).toContain('@sha256:');
  });
});

test('no weights, secrets or tests come into the image, nor what is only for development', async () => {
  const ignored = (await textOf('.dockerignore')).split('\n');
  for (const entry of ['.git', 'node_modules', 'tests', '**/*.gguf']) expect(ignored).toContain(entry);
  const text = await textOf('lambda/Dockerfile');
  expect(text).toContain('npm ci --omit=dev');
  for (const file of FILES) expect(await textOf(file)).not.toMatch(/HF_TOKEN|CRIA_KEYS|\.gguf|safetensors/);
});

describe('the list of what is in the image', () => {
  test('has exactly the packages that production needs', async () => {
    const bom = productionBom();
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { version: '0.1.0' } } });
    const listed = bom.components.map(({ name, version }) => `${name}@${version}`);
    expect(listed.sort()).toEqual([...(await neededPackages())].sort());
    expect(listed).toContainEqual(expect.stringMatching(/^zod@/)); // which development needs as well
    expect(listed).not.toContainEqual(expect.stringMatching(/^vitest@/));
  });

  interface Locked {
    readonly name?: string;
    readonly version: string;
    readonly os?: readonly string[];
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly optionalDependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
  }

  /** Walks from package.json through the lock as Node would find each, whatever the lock says is for development. */
  async function neededPackages(): Promise<ReadonlySet<string>> {
    const { packages } = JSON.parse(await textOf('package-lock.json')) as {
      readonly packages: Readonly<Record<string, Locked>>;
    };
    const needed = new Map<string, string>();
    const visit = (from: string, name: string): void => {
      let at = from;
      let path = join(at, 'node_modules', name);
      while (!packages[path] && at !== '') {
        at = at.includes('/node_modules/') ? at.slice(0, at.lastIndexOf('/node_modules/')) : '';
        path = join(at, 'node_modules', name);
      }
      const found = packages[path];
      if (!found || needed.has(path) || !(found.os?.includes('linux') ?? true)) return;
      needed.set(path, `${found.name ?? name}@${found.version}`);
      const { dependencies, optionalDependencies, peerDependencies } = found; // npm installs optional peers, too, that are there
      for (const next of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
        visit(path, next);
    };
    for (const name of Object.keys(packages['']!.dependencies!)) visit('', name);
    return new Set(needed.values());
  }
});

describe('what the image runs, from a tree that its user cannot write to', () => {
  let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
  beforeAll(async () => {
    folder = await mkdtempDisposable(join(tmpdir(), 'cria-image-'));
    const tree = join(folder.path, 'tree');
    await buildAll(join(tree, 'dist'));
    await cp(join(ROOT, 'package.json'), join(tree, 'package.json'));
    await makeReadOnly(tree);
    const volume = join(folder.path, 'volume');
    await mkdir(volume);
    const model = filePath(volume, CATALOGUE[0]!, CATALOGUE[0]!.files[0]!);
    await mkdir(dirname(model), { recursive: true });
    await copyFile(smollm2Path(), model, constants.COPYFILE_FICLONE); // a link may lead where its user may not
    await chmod(model, 0o444);
    await chmod(folder.path, 0o755);
    await chmod(volume, 0o777);
  });
  afterAll(async () => {
    await makeWritable(join(folder.path, 'tree'));
    await folder.remove();
  });

  const entries = [
    { what: 'the Node server', command: undefined, env: () => ({ CRIA_HOME: join(folder.path, 'volume') }) },
    {
      what: 'the gateway',
      command: ['node', 'dist/lambda/gateway/index.mjs'],
      env: () => ({
        CRIA_ROUTES: JSON.stringify({
          backends: [{ name: 'a', url: 'http://127.0.0.1:9/v1', model: 'm' }],
          routes: [
            { model: 'm', to: [{ backend: 'a', weight: 1 }], overflow: [], contextLength: 8, licence: 'MIT' },
          ],
        }),
      }),
    },
  ];
  test.each(entries)(
    '$what: starts, is healthy by the image’s own check, ends when told',
    async ({ command, env }) => {
      const lines = instructionsOf(await textOf('lambda/Dockerfile'));
      const [, ...args] = command ?? commandIn(find(lines, 'CMD ')[0]!);
      const [, ...check] = commandIn(find(lines, 'HEALTHCHECK ')[0]!);
      const place = {
        cwd: join(folder.path, 'tree'),
        ...NOBODY,
      };

      const server = spawn(process.execPath, args, {
        ...place,
        env: { NODE_ENV: 'production', HOME: '/tmp', PORT: '0', ...env() },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(createInterface({ input: server.stdout }), 'line');
      const { port } = new URL(JSON.parse(line).url);
      const healthy = () => spawnSync(process.execPath, check, { ...place, env: { PORT: port } }).status;
      expect(healthy()).toBe(0);
      server.kill('SIGTERM');
      expect(await once(server, 'exit')).toEqual([0, null]);
      expect(healthy()).toBe(1);
    },
  );
});
