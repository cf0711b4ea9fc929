/** Who may come in is known before the server listens, or it does not listen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cria-start-'));
  await writeFile(join(folder, 'broken.json'), '{"keys": [{"id": "a", "sha256": "sk-mine"}]}');
});
afterAll(() => rm(folder, { recursive: true }));

async function run(script: string, env: Record<string, string>) {
  const server = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH!, PORT: '0', CRIA_HOME: folder, ...env },
  });
  const [stderr] = await Promise.all([text(server.stderr), once(server, 'close')]);
  return { code: server.exitCode, stderr };
}

const ROUTES = JSON.stringify({
  backends: [{ name: 'a', url: 'http://127.0.0.1:1/v1', model: 'm' }],
  routes: [{ model: 'm', to: [{ backend: 'a', weight: 1 }], overflow: [], contextLength: 1, licence: 'MIT' }],
});

test.each(['lambda/server.ts', 'lambda/gateway.ts', 'scripts/serve-edge.ts', 'scripts/start.ts'])(
  '%s does not listen for other machines without keys',
  async (script) => {
    const { code, stderr } = await run(script, { HOST: '0.0.0.0', CRIA_ROUTES: ROUTES });
    expect(code).toBe(1);
    expect(stderr).toContain(
      'HOST: 0.0.0.0 lets other machines in, and there are no keys: set CRIA_KEYS_FILE',
    );
  },
);

test.each([
  { file: 'none.json', says: 'none.json: ENOENT' },
  { file: 'broken.json', says: 'broken.json: keys[0].sha256: write a sha256' },
])('the gateway does not start with keys that cannot be had: $file', async ({ file, says }) => {
  const { code, stderr } = await run('lambda/gateway.ts', {
    CRIA_KEYS_FILE: join(folder, file),
    CRIA_ROUTES: ROUTES,
  });
  expect(code).toBe(1);
  expect(stderr).toContain(says);
  expect(stderr).not.toContain('sk-mine');
});
