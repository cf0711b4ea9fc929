/**
 * Builds kernels/wasm/*.wasm from kernels/wasm/src. The results are committed, so a clone runs without this;
 * `--check` builds anew and fails when the committed bytes differ.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BUILDS = [
  { file: 'kernels-relaxed.wasm', features: ['simd', 'relaxed-simd'] },
  { file: 'kernels-simd.wasm', features: ['simd'] },
];

const HELP = `usage: build-wasm [--check]
  Builds the WASM kernels with AssemblyScript. --check compares with the committed files instead of replacing them.`;

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(HELP);
  process.exit(0);
}
const check = args.includes('--check');
const folder = mkdtempSync(join(tmpdir(), 'cria-wasm-'));
let stale = 0;

for (const { file, features } of BUILDS) {
  const built = join(folder, file);
  const asc = spawnSync(
    process.execPath,
    [
      'node_modules/assemblyscript/bin/asc.js',
      'kernels/wasm/src/kernels.ts',
      ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--maximumMemory', '65536'],
      ...['--memoryBase', '1024', '--use', 'abort=', ...features.flatMap((name) => ['--enable', name])],
      ...['-o', built],
    ],
    { stdio: 'inherit' },
  );
  if (asc.status !== 0) process.exit(asc.status ?? 1);

  const committed = join('kernels/wasm', file);
  const bytes = readFileSync(built);
  if (!check) copyFileSync(built, committed);
  else if (!bytes.equals(readFileSync(committed))) {
    console.error(`${committed} is not what its source builds to: run 'npm run build:wasm' and commit it`);
    stale++;
  }
  console.log(`${committed}: ${bytes.length} bytes${check ? ' checked' : ''}`);
}
process.exit(stale === 0 ? 0 : 1);
