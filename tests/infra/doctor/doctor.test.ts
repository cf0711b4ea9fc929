import { spawnSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { checkSettings } from '../../../infra/doctor/check-settings.ts';
import { checkSite } from '../../../infra/doctor/check-site.ts';
import type { Finding } from '../../../infra/doctor/finding.ts';
import { printFindings } from '../../../infra/doctor/print-findings.ts';
import { CATALOGUE } from '../../../models/catalogue.ts';

const doors = [
  {
    name: 'one',
    schema: z.object({ CRIA_A: z.coerce.number().default(1), HOST: z.string().optional() }),
    isMeant: () => true,
  },
  {
    name: 'two',
    schema: z.object({ CRIA_A: z.coerce.number().default(1), CRIA_B: z.string() }),
    isMeant: () => false,
  },
];

test('settings: what no door can use, told once, and what no door reads', () => {
  const level = (environment: NodeJS.ProcessEnv) =>
    checkSettings(environment, [...doors, { ...doors[0]!, name: 'three' }], ['CRIA_OTHER']).map((one) => [
      one.level,
      one.what,
    ]);
  expect(level({ CRIA_A: '3', CRIA_OTHER: '1', PATH: 'x' })).toEqual([
    ['ok', 'the one would start with them'],
    ['ok', 'the three would start with them'],
  ]);
  expect(level({ CRIA_A: 'x' })).toEqual([['problem', expect.stringMatching(/^CRIA_A: /)]]);
  const [, , wrong] = checkSettings({ CRIA_AA: '' }, [...doors, doors[0]!, { ...doors[0]!, name: 'n' }], []);
  expect(wrong).toMatchObject({ level: 'warning', advice: 'did you mean CRIA_A?' });
});

test('a site: what it needs, and what it lacks here', async () => {
  const { findings, models } = await checkSite('sites/single-node.yaml', {});
  expect(findings[0]).toMatchObject({ about: 'site', level: 'ok' });
  expect(models).toContain(CATALOGUE[0]!.name);
  const none = await checkSite('sites/none.yaml', {});
  expect(none.findings[0]).toMatchObject({
    level: 'problem',
    advice: expect.stringContaining('docs/deploy.md'),
  });
});

test('findings fit a terminal, with what to do below', () => {
  const findings: Finding[] = [
    { about: 'machine', level: 'ok', what: 'Node 24' },
    {
      about: 'models',
      level: 'problem',
      what: 'one two three four five six seven eight',
      advice: 'nine ten',
    },
  ];
  expect(printFindings(findings, 40)).toBe(
    [
      'This machine',
      '  ok       Node 24',
      '',
      'Models',
      '  PROBLEM  one two three four five six',
      '           seven eight',
      '           -> nine ten',
      '',
    ].join('\n'),
  );
});

/** The command, in a home of its own. */
async function doctor(args: readonly string[], fill: (folder: string) => Promise<void> = async () => {}) {
  await using home = await mkdtempDisposable(join(tmpdir(), 'cria-doctor-'));
  await fill(join(home.path, 'models', CATALOGUE[0]!.name));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['models/cli/cria.ts', 'doctor', ...args], {
    env: { PATH: process.env.PATH, CRIA_HOME: home.path, CRIA_CONTXT: '1' },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('cria doctor says which model is missing, how to get it, and ends with 1', async () => {
  const { status, stdout, stderr } = await doctor([]);
  expect(stdout).toContain(`PROBLEM  ${CATALOGUE[0]!.name} is not here`);
  expect(stdout).toContain(`-> npm run pull -- ${CATALOGUE[0]!.name}`);
  expect(stdout).toContain('did you mean CRIA_CONTEXT?');
  expect(stderr).toBe('error: there is one problem\n');
  expect(status).toBe(1);
});

test('cria doctor --json finds a damaged model file', async () => {
  const { status, stdout } = await doctor(['--json'], async (folder) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, CATALOGUE[0]!.files[0]!.name), 'GGUF, but no more of it than that');
  });
  expect(status).toBe(1);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ about }) => about === 'models')).toEqual([
    {
      about: 'models',
      level: 'problem',
      what: expect.stringContaining('gguf: byte 4'),
      advice: expect.stringContaining('npm run pull'),
    },
  ]);
  expect(lines.at(-1)).toEqual({ event: 'error', code: 'unwell', message: 'there is one problem' });
});

test('cria doctor refuses two sites', async () => {
  expect(await doctor(['a.yaml', 'b.yaml'])).toMatchObject({ status: 2 });
});
