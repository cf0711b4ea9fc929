import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildAll, bundleSizes } from '../../scripts/build.ts';

/** Bytes. A cold start reads and compiles all of it. */
const MOST: Readonly<Record<string, number>> = {
  'edge/worker.js': 1024 * 1024, // tests/scripts/build.test.ts is stricter
  'lambda/server.mjs': 2560 * 1024,
  'lambda/gateway/index.mjs': 1024 * 1024,
  'lambda/function/index.mjs': 2048 * 1024,
  'lambda/web-function/index.mjs': 2048 * 1024,
};
const ROUTES = {
  backends: [{ name: 'near', url: 'http://127.0.0.1:9/v1', model: 'm' }],
  routes: [
    { model: 'm', to: [{ backend: 'near', weight: 1 }], overflow: [], contextLength: 8, licence: 'MIT' },
  ],
};

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'cria-build-'));
  await buildAll(join(folder.path, 'dist'));
});
afterAll(() => folder.remove());

test('every bundle is within its bound', async () => {
  const sizes = await bundleSizes(join(folder.path, 'dist'));
  expect(Object.keys(sizes)).toEqual(Object.keys(MOST));
  for (const [path, bytes] of Object.entries(sizes)) expect(bytes, path).toBeLessThan(MOST[path]!);
});

describe('what Lambda gets is all it needs', () => {
  /** The folder alone, somewhere else. */
  async function alone(name: string): Promise<string> {
    const place = join(folder.path, 'alone', name);
    await cp(join(folder.path, 'dist/lambda', name), place, { recursive: true });
    return place;
  }

  test.each(['index.js', 'index.mjs'])('the gateway, by %s, where Lambda wants it', async (entry) => {
    const place = await alone('gateway');
    expect((await readdir(place)).sort()).toEqual(['index.js', 'index.mjs']);
    const gateway = spawn(process.execPath, [join(place, entry)], {
      env: {
        AWS_LAMBDA_HTTP_ENDPOINT: '127.0.0.1:0',
        PORT: '1',
        CRIA_AUTH: 'none',
        CRIA_ROUTES: JSON.stringify(ROUTES),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: gateway.stdout }), 'line');
    const models = await (await fetch(new URL('/v1/models', JSON.parse(line).url))).json();
    expect(models.data).toMatchObject([{ id: 'm' }]);
    gateway.kill();
    expect(await once(gateway, 'exit')).toEqual([0, null]);
  });

  test('the function, a gateway without CRIA_MODEL', async () => {
    const place = await alone('function');
    const files = ['index.mjs', 'kernel-thread.mjs', 'kernels-relaxed.wasm', 'kernels-simd.wasm', 'web'];
    expect((await readdir(place)).sort()).toEqual(files);
    const script = `globalThis.awslambda = { streamifyResponse: (handler) => handler };
      import(${JSON.stringify(join(place, 'index.mjs'))}).then(({ handler }) => console.log(typeof handler, handler.length));`;
    const run = spawn(process.execPath, ['-e', script], {
      env: { CRIA_AUTH: 'none', CRIA_ROUTES: JSON.stringify(ROUTES) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: run.stdout }), 'line');
    expect(line).toBe('function 3');
  });
});
