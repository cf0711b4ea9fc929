/** setup.mjs in a tree of its own, with a program that only writes down how it was called in npm's place. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const SERVED = { 'node_modules/a': { version: '1.0.0' } };
const LOCKED = {
  '': { version: '0.1.0' },
  ...SERVED,
  'node_modules/b': { version: '2.0.0', dev: true },
  'node_modules/c': { version: '3.0.0', optional: true },
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cria-setup-'));
  mkdirSync(join(root, 'scripts'));
  cpSync('scripts/setup.mjs', join(root, 'scripts/setup.mjs'));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: LOCKED }));
  writeFileSync(join(root, 'script.mjs'), 'console.log("ran", ...process.argv.slice(2)); process.exit(7)');
  writeFileSync(
    join(root, 'npm.js'),
    "require('node:fs').writeFileSync('npm-was-called', process.argv.slice(2).join(' '))",
  );
});
afterEach(() => rmSync(root, { recursive: true }));

/** What npm leaves behind: its record, and the Node of the `node` package. */
function install(packages: object): void {
  mkdirSync(join(root, 'node_modules/node/bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules/node/bin/node'));
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
}

function setup(...args: string[]) {
  const env = { ...process.env, npm_execpath: join(root, 'npm.js') };
  const { status, stdout } = spawnSync(process.execPath, ['scripts/setup.mjs', ...args], { cwd: root, env });
  const called = join(root, 'npm-was-called');
  return {
    status,
    stdout: String(stdout),
    npm: existsSync(called) ? readFileSync(called, 'utf8') : undefined,
  };
}

describe('setup', () => {
  test('installs nothing when what serving needs is there, and runs the script', () => {
    install(SERVED);
    const { status, stdout, npm } = setup('script.mjs', '--flag', 'value');
    expect({ status, stdout, npm }).toEqual({ status: 7, stdout: 'ran --flag value\n', npm: undefined });
  });

  test('installs the test tools too when asked for', () => {
    install(SERVED);
    expect(setup('--dev', 'script.mjs').npm).toBe('ci --loglevel=error');
  });

  test('installs when a version is not the locked one', () => {
    install({ 'node_modules/a': { version: '0.9.0' } });
    expect(setup('script.mjs').npm).toBe('ci --loglevel=error --omit=dev');
  });

  test('installs nothing when all is there', () => {
    install({ ...SERVED, 'node_modules/b': { version: '2.0.0' } });
    expect(setup('--dev', 'script.mjs').npm).toBeUndefined();
  });
});
