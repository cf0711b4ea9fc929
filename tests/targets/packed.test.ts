/** Both doors on packed weights alone: there is no GGUF file that they could fall back to. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { PACKED_FOLDER } from '../../models/packed/manifest.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { openR2 } from '../support/r2-door.ts';
import { smollm2Path } from '../support/smollm2.ts';
import { openWorkerd } from '../support/workerd-door.ts';

const manifest = CATALOGUE[0]!;

let home: string;
let packed: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'cria-packed-'));
  packed = join(home, 'models', manifest.name, PACKED_FOLDER);
  mkdirSync(packed, { recursive: true });
  const cria = spawn(process.execPath, ['models/cli/cria.ts', 'pack', smollm2Path(), '--out', packed], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect((await once(cria, 'exit'))[0]).toBe(0);
});
afterAll(() => rmSync(home, { recursive: true }));

async function capitalOfFrance(url: URL): Promise<string> {
  const reply = await checkedFetch(new URL('/v1/completions', url), {
    method: 'POST',
    body: JSON.stringify({
      model: manifest.id,
      prompt: 'The capital of France is',
      max_tokens: 4,
      temperature: 0,
    }),
  });
  return reply.text();
}

test.each([
  { where: 'in R2', open: openR2 },
  { where: 'on disk', open: openWorkerd },
])('the Worker answers from packed weights $where', async ({ open }) => {
  await using workerd = await open({ model: packed });
  expect(await capitalOfFrance(workerd.url)).toContain('Paris');
});

test('the Worker answers from what was published, whatever lies beside it', async () => {
  const store = join(home, 'store');
  const publish = ['models/cli/cria.ts', 'publish', manifest.name, '--to', store];
  const cria = spawn(process.execPath, publish, {
    env: { ...process.env, CRIA_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  expect((await once(cria, 'exit'))[0]).toBe(0);
  const keys = readdirSync(store, { recursive: true, encoding: 'utf8' });
  const published = keys
    .filter((key) => statSync(join(store, key)).isFile())
    .map((key) => ({ key, path: join(store, key), sha256: undefined }));
  const older = {
    key: `${manifest.name}/packed/manifest.json`,
    path: import.meta.filename,
    sha256: undefined,
  };
  await using workerd = await openR2({ items: [...published, older] });
  expect(await capitalOfFrance(workerd.url)).toContain('Paris');
});

test('the Node server answers from packed weights on disk', async () => {
  const server = spawn(process.execPath, ['lambda/server.ts'], {
    env: { ...process.env, CRIA_HOME: home, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  expect(await capitalOfFrance(new URL(url))).toContain('Paris');
  server.kill('SIGTERM');
  await once(server, 'exit');
});
