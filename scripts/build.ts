/**
 * Builds the Worker (dist/edge), the Node server and the gateway (dist/lambda, kernels in dist/kernels) and the playground
 * (dist/web).
 *
 *     npm run build [-- --help]
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { buildWeb } from '../web/build.ts';

const ROOT = join(import.meta.dirname, '..');

export const DIST = join(ROOT, 'dist');
const HELP = `npm run build [-- --out <folder>]

Builds the Worker, the Node server, the gateway and the playground, in place of what is in dist, or in another folder.
`;
const WASM = ['kernels-relaxed.wasm', 'kernels-simd.wasm'];

/** Builds into `folder`, in place of what was there. The plugins are asked first. */
export async function buildAll(folder = DIST, plugins: readonly Plugin[] = []): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await Promise.all([
    buildEdge(join(folder, 'edge'), plugins),
    buildServer(folder, plugins),
    buildWeb(join(folder, 'web')),
  ]);
}

async function buildEdge(outdir: string, plugins: readonly Plugin[]): Promise<void> {
  await mkdir(outdir, { recursive: true });
  await build({
    entryPoints: [join(ROOT, 'edge/worker.ts')],
    outdir,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:*'],
    conditions: ['workerd', 'worker', 'browser'],
    minifySyntax: true,
    minifyWhitespace: true, // workerd keeps the text for as long as it runs; names stay, for stack traces
    sourcemap: true,
    logLevel: 'warning',
    plugins: [...plugins, wasmModules(outdir)],
  });
}

/** One file a thread. From source Node would strip the types anew at each start, and keep 40 MB to do it with. */
async function buildServer(folder: string, plugins: readonly Plugin[]): Promise<void> {
  const [source, kernels] = [join(ROOT, 'kernels/wasm'), join(folder, 'kernels/wasm')];
  await mkdir(kernels, { recursive: true });
  await Promise.all([
    ...WASM.map((file) => copyFile(join(source, file), join(kernels, file))),
    build({
      entryPoints: ['server', 'kernel-thread', 'gateway'].map((name) => join(ROOT, `lambda/${name}.ts`)),
      outdir: join(folder, 'lambda'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      outExtension: { '.js': '.mjs' }, // a module by its name: no package.json need lie beside it
      minifySyntax: true,
      sourcemap: true,
      logLevel: 'warning',
      plugins: [...plugins],
    }),
  ]);
}

/** Keeps .wasm files beside the bundle, as modules of their own: workerd compiles them when the Worker is deployed. */
function wasmModules(outdir: string): Plugin {
  return {
    name: 'wasm-modules',
    setup({ onResolve }) {
      onResolve({ filter: /\.wasm$/ }, async ({ path, resolveDir }) => {
        await copyFile(join(resolveDir, path), join(outdir, basename(path)));
        return { path: `./${basename(path)}`, external: true };
      });
    },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { help: { type: 'boolean' }, out: { type: 'string', default: DIST } },
  });
  if (values.help) process.stdout.write(HELP);
  else await buildAll(values.out);
}
