/**
 * Installs what package-lock.json names, when it is not installed yet, and runs a script on the Node 24 that comes with
 * it. Plain JavaScript, because this is the one file that runs on whatever Node the machine has.
 *
 *     node scripts/setup.mjs [--dev] <script.ts> [arguments]
 *
 * `--dev` installs the test tools too. A shell would not do in our place: having found one `node`, it keeps using it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIN_NODE = 20;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node24 = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const major = Number(process.versions.node.split('.')[0]);
if (major < MIN_NODE) {
  console.error(`Cria needs Node.js ${MIN_NODE} or newer to install itself; this is ${process.version}.`);
  console.error('Get one from https://nodejs.org, then run the same command again.');
  process.exit(1);
}

const args = process.argv.slice(2);
const withDev = args[0] === '--dev';
if (withDev) args.shift();
if (!installed()) install();
run();

/** True when npm's own record of node_modules names every package of the lockfile, at its version. */
function installed() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record) || !existsSync(node24)) return false;

  const { packages: present } = JSON.parse(readFileSync(record, 'utf8'));
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(locked).every(
    ([path, { version, optional, dev, devOptional }]) =>
      path === '' ||
      optional || // for another platform, or npm could not install it and may leave it out
      devOptional ||
      (dev && !withDev) ||
      present[path]?.version === version,
  );
}

function install() {
  const args = ['ci', '--loglevel=error'];
  if (!withDev) args.push('--omit=dev');
  console.log(`Installing dependencies (npm ${args.join(' ')}); this happens once …`);

  const began = Date.now();
  // Under `npm start` npm names its own script; Windows would need a shell to find it otherwise.
  const npm = process.env.npm_execpath;
  const { status, error } = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });

  if (error !== undefined || status !== 0) {
    console.error(
      `npm ci failed${error === undefined ? ` with exit code ${status}` : `: ${error.message}`}.`,
    );
    process.exit(1);
  }
  console.log(`Installed in ${((Date.now() - began) / 1000).toFixed(0)} s.`);
}

function run() {
  const bin = join(root, 'node_modules', '.bin');
  const [script = '', ...rest] = args;
  const child = spawn(node24, [join(root, script), ...rest], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });
  // Ctrl-C reaches the child by itself; other signals come to us alone. Either way the child decides when it is over.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
