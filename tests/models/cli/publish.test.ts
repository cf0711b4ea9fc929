/** `cria publish` and `cria pull --from`, as a user runs them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findModel } from '../../../models/catalogue.ts';
import { packedFolder } from '../../../models/cli/home.ts';
import { fakeS3 } from '../../support/fake-s3.ts';
import { type PackedFolder, writePackedFolder } from '../../support/packed-folder.ts';

const MODEL = 'llama-guard-3-1b-q8_0';
const ACCOUNT = '0123456789abcdef0123456789abcdef';
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret+of/someone' };
const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  R2_ACCESS_KEY_ID: KEYS.accessKeyId,
  R2_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
};

let folder: string;
let packed: PackedFolder;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cria-publish-'));
  packed = await writePackedFolder(packedFolder(join(folder, 'here'), findModel(MODEL)), [
    Buffer.alloc(70_000, 'w'),
  ]);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function cria(home: string, ...args: string[]) {
  const child = spawn(process.execPath, ['models/cli/cria.ts', ...args], {
    env: { PATH: process.env.PATH, ...ENVIRONMENT, CRIA_HOME: join(folder, home) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  expect(stdout + stderr).not.toContain(KEYS.secretAccessKey);
  return { code, stdout, stderr };
}

test('one command brings the same to S3, to R2 and to a folder; each gives it back', async () => {
  await using server = await fakeS3(KEYS);
  const stores = ['s3://weights/team', `r2://${ACCOUNT}/weights/edge`, join(folder, 'shared')];
  const to = stores.flatMap((store) => ['--to', store]);
  const { code, stdout, stderr } = await cria(
    'here',
    'publish',
    MODEL,
    ...to,
    '--endpoint',
    server.url,
    '--json',
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const done = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'published');
  expect(done.map(({ to, version }) => [to, version])).toEqual(
    stores.map((store) => [store, packed.version]),
  );

  for (const [i, store] of stores.entries()) {
    const pulled = await cria(`there${i}`, 'pull', MODEL, '--from', store, '--endpoint', server.url);
    expect(pulled).toMatchObject({ code: 0, stderr: '' });
    const there = packedFolder(join(folder, `there${i}`), findModel(MODEL));
    expect(readdirSync(there).sort()).toEqual([...packed.files.keys()].sort());
  }
});

test('a folder that was spoilt is mended, and says so before', async () => {
  const store = join(folder, 'spoilt');
  await cria('here', 'publish', MODEL, '--to', store);
  const shard = join(store, 'models', MODEL, packed.version, 'weights-1-of-1.safetensors');
  writeFileSync(shard, Buffer.alloc(70_000, 'x'));
  expect(await cria('spoilt-home', 'pull', MODEL, '--from', store)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('sha256 is'),
  });
  const { stdout } = await cria('here', 'publish', MODEL, '--to', store);
  expect(stdout).toContain(`sending weights-1-of-1.safetensors to ${store}`);
  expect(await cria('spoilt-home', 'pull', MODEL, '--from', store)).toMatchObject({ code: 0 });
});

test.each([
  { args: ['publish'], code: 2, says: 'publish takes one model, not 0' },
  { args: ['publish', MODEL], code: 2, says: 'publish needs --to' },
  {
    args: ['publish', 'smollm2', '--to', 'x'],
    code: 1,
    says: "run 'cria pack smollm2-135m-instruct-q4_1' first",
  },
  { args: ['pull', MODEL, '--from', 'x', '--version', '1'], code: 2, says: "'1' is no sha256" },
])('cria $args exits with $code: $says', async ({ args, code, says }) => {
  const said = await cria('here', ...args);
  expect(said).toMatchObject({ code, stdout: '' });
  expect(said.stderr).toContain(says);
});
