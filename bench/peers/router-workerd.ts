/** Our routes in workerd without a model, beside a bare Hono route in the same isolate. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { readWorker } from '../../scripts/wrangler-toml.ts';
import { routerCommands } from './router-commands.ts';
import { takeCommands } from './take-commands.ts';

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('router-worker.ts', import.meta.url))],
  bundle: true,
  format: 'esm',
  target: 'es2024',
  conditions: ['workerd', 'worker', 'browser'],
  write: false,
});
const { name, compatibilityDate, compatibilityFlags } = readWorker();
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    cf: false,
    telemetry: { enabled: false },
    handleStructuredLogs: () => {},
    workers: [
      {
        ...{ name, compatibilityDate, compatibilityFlags, cacheAPI: false },
        modules: [{ type: 'ESModule', path: 'router.js', contents: outputFiles[0]!.text }],
      },
    ],
  }),
);

await takeCommands('routes in workerd', routerCommands(await miniflare.ready));
await miniflare.dispose();
