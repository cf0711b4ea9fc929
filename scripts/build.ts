/**
 * Builds what does not run from source: the Worker (dist/edge) and the playground (dist/web).
 *
 *     npm run build [-- --help]
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { buildWeb } from '../web/build.ts';

const ROOT = join(import.meta.dirname, '..');

export const EDGE_OUT = join(ROOT, 'dist/edge');
export const WEB_OUT = join(ROOT, 'dist/web');

/** Keeps .wasm files beside the bundle, as modules of their own: workerd compiles them when the Worker is deployed. */
const wasmModules: Plugin = {
  name: 'wasm-modules',
  setup({ onResolve }) {
    onResolve({ filter: /\.wasm$/ }, async ({ path, resolveDir }) => {
      await copyFile(join(resolveDir, path), join(EDGE_OUT, basename(path)));
      return { path: `./${basename(path)}`, external: true };
    });
  },
};

export async function buildAll(): Promise<void> {
  await rm(join(ROOT, 'dist'), { recursive: true, force: true });
  await mkdir(EDGE_OUT, { recursive: true });
  await Promise.all([
    build({
      entryPoints: [join(ROOT, 'edge/worker.ts')],
      outdir: EDGE_OUT,
      bundle: true,
      format: 'esm',
      target: 'es2024',
      conditions: ['workerd', 'worker', 'browser'],
      minifySyntax: true,
      sourcemap: true,
      logLevel: 'warning',
      plugins: [wasmModules],
    }),
    buildWeb(WEB_OUT),
  ]);
}

if (import.meta.main) {
  if (process.argv.includes('--help')) console.log('usage: npm run build\n  Builds dist/edge and dist/web.');
  else await buildAll();
}
