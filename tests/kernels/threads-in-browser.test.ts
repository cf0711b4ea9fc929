/** Threads in a page that is cross-origin isolated, in a real browser. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import type { HostReport } from '../support/browser-host.ts';
import { launchChromium } from '../support/chromium.ts';
import { tinyLlama } from '../support/tiny-llama.ts';

const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

async function bundle(file: string): Promise<Uint8Array> {
  const entry = new URL(`../support/${file}`, import.meta.url).pathname;
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
  return outputFiles[0]!.contents;
}

test('three threads in Chromium give the bits of one', async () => {
  const files: Record<string, readonly [type: string, body?: string | Uint8Array]> = {
    '/': ['text/html', '<!doctype html><title>threads</title>'],
    '/host.js': ['text/javascript', await bundle('browser-host.ts')],
    '/thread.js': ['text/javascript', await bundle('browser-thread.ts')],
    '/kernels.wasm': [
      'application/wasm',
      readFileSync(new URL('../../kernels/wasm/kernels-relaxed.wasm', import.meta.url)),
    ],
    '/model.gguf': ['application/octet-stream', readFileSync(tinyLlama('q4_k').path)],
  };
  const server = createServer(({ url }, response) => {
    const [type, body] = files[url!] ?? ['text/plain'];
    response.writeHead(body ? 200 : 404, { ...ISOLATED, 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const { isolated, threadsWork, alone, together } = await page.evaluate(async () => {
      const { promise, resolve, reject } = Promise.withResolvers<HostReport>();
      const host = new Worker('/host.js', { type: 'module' });
      host.addEventListener('message', ({ data }) => resolve(data));
      host.addEventListener('error', ({ message }) => reject(new Error(message)));
      const report = await promise;
      return { ...report, alone: [...report.alone], together: [...report.together] };
    });
    expect({ isolated, threadsWork }).toEqual({ isolated: true, threadsWork: true });
    expect(alone.length).toBeGreaterThan(1000);
    expect(together).toEqual(alone);
  } finally {
    await browser.close();
    server.close();
  }
});
