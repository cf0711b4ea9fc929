/**
 * Builds the Worker (dist/edge, with workerd's config), the Node server (dist/lambda, kernels in dist/kernels), the folders that Lambda gets
 * (dist/lambda/gateway, dist/lambda/function, dist/lambda/web-function) and the playground (dist/web). Says how large the bundles are.
 *
 *     npm run build [-- --help]
 */
import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { buildWeb } from '../web/build.ts';
import { DIST, VARS } from './workerd-command.ts';
import { workerdConfig } from './workerd-config.ts';
import { readVars } from './wrangler-toml.ts';

const ROOT = join(import.meta.dirname, '..');

const HELP = `npm run build [-- --out <folder>]

Builds the Worker, the Node server, what Lambda gets and the playground, in place of what is in dist, or in another folder.
`;
const WASM = ['kernels-relaxed.wasm', 'kernels-simd.wasm'];
const ENTRIES = [
  'edge/worker.js',
  'lambda/server.mjs',
  'lambda/gateway/index.mjs',
  'lambda/function/index.mjs',
  'lambda/web-function/index.mjs',
];

const FOR_NODE = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  outExtension: { '.js': '.mjs' }, // a module by its name: no package.json need lie beside it
  minifySyntax: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;
const FOR_LAMBDA = { ...FOR_NODE, minifyWhitespace: true } as const; // names stay, for stack traces

/** Builds into `folder`, in place of what was there. The plugins are asked first. */
export async function buildAll(folder = DIST, plugins: readonly Plugin[] = []): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await Promise.all([
    buildEdge(join(folder, 'edge'), plugins),
    buildServer(folder, plugins),
    buildGateway(join(folder, 'lambda/gateway')),
    buildFunctions(join(folder, 'lambda'), plugins),
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
  const wasm = (await readdir(outdir)).filter((name) => name.endsWith('.wasm'));
  await writeFile(join(outdir, 'workerd.capnp'), workerdConfig(['worker.js', ...wasm]));
  await writeFile(join(outdir, VARS), JSON.stringify(readVars({}), null, 2));
}

/** One file a thread. From source Node would strip the types anew at each start, and keep 40 MB to do it with. */
async function buildServer(folder: string, plugins: readonly Plugin[]): Promise<void> {
  await Promise.all([
    copyKernels(join(folder, 'kernels/wasm')),
    build({
      ...FOR_NODE,
      entryPoints: ['server', 'kernel-thread', 'otlp'].map((name) => join(ROOT, `lambda/${name}.ts`)),
      outdir: join(folder, 'lambda'),
      sourcemap: true,
      plugins: [...plugins],
    }),
  ]);
}

/** Runs in a container, and as a Lambda Web Function. */
async function buildGateway(outdir: string): Promise<void> {
  await build({ ...FOR_LAMBDA, entryPoints: { index: join(ROOT, 'lambda/gateway.ts') }, outdir });
  await writeEntry(outdir);
}

/** What the runtime of Web Functions loads: index.js, a module or not, as it likes. */
const writeEntry = (folder: string) => writeFile(join(folder, 'index.js'), "import('./index.mjs');\n");

/** With a model, behind a Function URL and as a Web Function. All that either has is its folder. */
async function buildFunctions(folder: string, plugins: readonly Plugin[]): Promise<void> {
  const entries = { function: 'function', 'web-function': 'server' };
  const entryPoints = Object.entries(entries).flatMap(([name, entry]) => [
    { in: join(ROOT, `lambda/${entry}.ts`), out: `${name}/index` },
    { in: join(ROOT, 'lambda/kernel-thread.ts'), out: `${name}/kernel-thread` },
  ]);
  await Promise.all([
    build({ ...FOR_LAMBDA, entryPoints, outdir: folder, plugins: [...plugins] }),
    ...Object.keys(entries).flatMap((name) => [
      copyKernels(join(folder, name)),
      buildWeb(join(folder, name, 'web')),
    ]),
  ]);
  await writeEntry(join(folder, 'web-function'));
}

async function copyKernels(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(WASM.map((file) => copyFile(join(ROOT, 'kernels/wasm', file), join(folder, file))));
}

/** Bytes of each file that a platform loads to begin with, by its path in the folder. */
export async function bundleSizes(folder: string): Promise<Readonly<Record<string, number>>> {
  const sizes = ENTRIES.map(async (path) => [path, (await stat(join(folder, path))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
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
  else {
    await buildAll(values.out);
    for (const [path, bytes] of Object.entries(await bundleSizes(values.out)))
      console.log(`${path.padEnd(28)} ${(bytes / 1024).toFixed(0).padStart(6)} KiB`);
  }
}
