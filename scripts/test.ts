/**
 * `npm test`: every check there is, cheapest first. Gets what the tests need: the default model, and a browser.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const HELP = `npm test [-- --help]

Runs every check: types, lint and format, imports, kernels rebuilt and compared, tests.
Needs Chromium (CHROME_PATH, or on the PATH); on Debian as root it installs the package itself.
`;
if (process.argv.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules/.bin');
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const STEPS: readonly Step[] = [
  { name: 'types', command: [join(BIN, 'tsc'), '--noEmit'] },
  { name: 'lint and format', command: [join(BIN, 'biome'), 'ci', '--error-on-warnings'] },
  { name: 'imports', command: [process.execPath, 'scripts/check-imports.ts'] },
  { name: 'kernels', command: [process.execPath, 'scripts/build-wasm.ts', '--check'] },
  { name: 'browser', command: [process.execPath, 'scripts/test.ts', '--browser'] },
  { name: 'model', command: [process.execPath, 'models/cli/cria.ts', 'pull'] },
  { name: 'tests', command: [join(BIN, 'vitest'), 'run'] },
];

if (process.argv.includes('--browser')) process.exit(ensureBrowser());

const results = STEPS.map(({ name, command: [program, ...args] }) => {
  console.log(`\n── ${name} ${'─'.repeat(60 - name.length)}`);
  const began = Date.now();
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' });
  return { name, ok: status === 0, seconds: (Date.now() - began) / 1000 };
});

console.log('');
for (const { name, ok, seconds } of results)
  console.log(`${ok ? '✓' : '✗'} ${name.padEnd(16)} ${seconds.toFixed(1)} s`);
const failed = results.filter(({ ok }) => !ok).length;
console.log(`\n${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** The page is tested in a real browser. Returns an exit code. */
function ensureBrowser(): number {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const present =
    process.env.CHROME_PATH ??
    BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (present !== undefined) {
    console.log(present);
    return 0;
  }
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error('no Chromium: install it, or set CHROME_PATH to a Chrome');
    return 1;
  }
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  spawnSync('apt-get', ['update', '-qq'], options);
  return (
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options).status ?? 1
  );
}
