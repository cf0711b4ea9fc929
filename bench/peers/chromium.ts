/** Our engine and wllama in one page of a headless Chromium, on one thread each. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { launchChromium } from '../../tests/support/chromium.ts';
import type { openBoth } from './chromium-page.ts';
import { peerArgs } from './peer-args.ts';
import { servePage } from './serve-page.ts';
import { type Commands, type Question, takeCommands } from './take-commands.ts';

type Page = { both: Awaited<ReturnType<typeof openBoth>> };

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const { outputFiles } = await build({
  entryPoints: [here('chromium-page.ts')],
  bundle: true,
  format: 'esm',
  target: 'es2024',
  write: false,
  logLevel: 'warning',
});
const server = await servePage({
  '/': { type: 'text/html', text: '<!doctype html><title>bench</title>' },
  '/page.js': { type: 'text/javascript', text: outputFiles[0]!.text },
  '/kernels.wasm': { type: 'application/wasm', file: here('../../kernels/wasm/kernels-relaxed.wasm') },
  '/wllama.wasm': {
    type: 'application/wasm',
    file: fileURLToPath(import.meta.resolve('@wllama/wllama/esm/wasm/wllama.wasm')),
  },
  '/model.gguf': { type: 'application/octet-stream', file: peerArgs().model },
});
const browser = await launchChromium();
const page = await browser.newPage();
page.on('pageerror', (error) => console.error(error));
await page.goto(server.url);
await page.evaluate(async (script) => {
  const { openBoth } = await import(script);
  (globalThis as unknown as Page).both = await openBoth();
}, '/page.js');

const inPage = (cmd: keyof Page['both']) => (question: Question) =>
  page.evaluate(([cmd, question]) => (globalThis as unknown as Page).both[cmd](question), [
    cmd,
    question,
  ] as const);
const commands: Commands = {
  decode: inPage('decode'),
  prefill: inPage('prefill'),
  'wllama-decode': inPage('wllama-decode'),
  'wllama-prefill': inPage('wllama-prefill'),
};
await takeCommands(`Chromium ${browser.version()}`, commands);
await browser.close();
server.close();
