/** `cria keys` as a user runs it. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseKeys } from '../../../app/access/access-key.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cria-keys-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function keys(args: readonly string[], { file, input = '' }: { file?: string; input?: string } = {}) {
  const child = spawn(process.execPath, ['models/cli/cria.ts', 'keys', ...args], {
    env: { ...process.env, CRIA_KEYS_FILE: file ?? '' },
  });
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return {
    code: child.exitCode ?? (await new Promise((resolve) => child.once('close', resolve))),
    stdout,
    stderr,
  };
}

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');

test('a key is made, shown once, listed without itself, and taken away', async () => {
  const file = join(folder, 'keys.json');
  const made = await keys(
    [
      'create',
      'alice',
      '--models',
      'a,b',
      '--requests',
      '60',
      '--tokens',
      '1000',
      '--judge',
      'both',
      '--expires',
      '2027-01-31',
    ],
    { file },
  );
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const [secret] = /^cria_[\w-]{43}$/m.exec(made.stdout)!;
  const described = {
    id: 'alice',
    sha256: sha256(secret),
    models: ['a', 'b'],
    guard: { judge: 'both' },
    limits: { requestsPerMinute: 60, tokensPerMinute: 1000 },
    expires: '2027-01-31T00:00:00.000Z',
  };
  const written = await readFile(file, 'utf8');
  expect(parseKeys(written)).toEqual([described]);
  expect(written).not.toContain(secret);
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const second = await keys(['create', 'bob', '--json'], { file });
  const { key, ...bob } = JSON.parse(second.stdout);
  expect(bob).toEqual({ id: 'bob', sha256: sha256(key) });

  const listed = await keys(['list', '--json'], { file });
  expect(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([described, bob]);
  expect((await keys(['list'], { file })).stdout).toMatch(
    /alice +a, b +60 requests, 1000 tokens +both +2027/,
  );

  expect(await keys(['create', 'alice'], { file })).toMatchObject({
    code: 1,
    stderr: `error: there is a key 'alice' in ${file} already: revoke it, or take another id\n`,
  });
  expect(await keys(['revoke', 'alice'], { file })).toMatchObject({ code: 0 });
  expect(await keys(['revoke', 'alice'], { file })).toMatchObject({
    code: 1,
    stderr: `error: there is no key 'alice' in ${file}: cria keys list shows those there are\n`,
  });
  expect(parseKeys(await readFile(file, 'utf8')).map(({ id }) => id)).toEqual(['bob']);
});

test('hash reads the key where nobody else can', async () => {
  expect(await keys(['hash'], { input: 'abc\n' })).toMatchObject({ code: 0, stdout: `${sha256('abc')}\n` });
});

test('a file that is broken stays as it is', async () => {
  const file = join(folder, 'broken.json');
  await writeFile(file, '{"keys": [');
  expect(await keys(['create', 'alice'], { file })).toMatchObject({
    code: 1,
    stderr: 'error: it is not JSON\n',
  });
  expect(await readFile(file, 'utf8')).toBe('{"keys": [');
});

test.each([
  { args: [], says: 'keys needs one of these' },
  { args: ['list'], says: 'say which file' },
  { args: ['lend', 'alice'], file: true, says: "there is no 'keys lend'" },
  { args: ['create'], file: true, says: 'keys create needs an id' },
  { args: ['create', 'a b'], file: true, says: 'a b: write 1 to 64' },
  { args: ['create', 'a', '--requests', '0'], file: true, says: '--requests 0: write a whole number' },
  { args: ['create', 'a', '--judge', 'all'], file: true, says: '--judge all: write off, input' },
  { args: ['create', 'a', '--expires', 'soon'], file: true, says: '--expires soon: write a time' },
  { args: ['hash'], says: 'there was none' },
])('cria keys $args exits with 2 and says why', async ({ args, file, says }) => {
  const { code, stderr } = await keys(args, file ? { file: join(folder, 'none.json') } : {});
  expect(code).toBe(2);
  expect(stderr).toContain(says);
});
