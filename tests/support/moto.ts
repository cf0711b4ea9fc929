/** moto's server: another's AWS, with other mistakes than ours. Python's pip brings it once, into node_modules/.cache. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import type { AwsEndpoint } from './fake-aws/aws-client.ts';

export interface Moto extends AwsEndpoint, AsyncDisposable {
  /** The end of its log, which names every request, and why it failed at one. */
  log(): string;
}

export const MOTO_ACCOUNT = '123456789012';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache');
const REQUIREMENTS = join(import.meta.dirname, 'moto-requirements.txt');
const LOG_CHARACTERS = 8192;
const STAND_INS = join(import.meta.dirname, 'moto-stand-ins');
const START = { timeout: 60_000, interval: 200 };

export async function startMoto(): Promise<Moto> {
  const packages = await installed();
  const port = await freePort();
  const server = spawn(
    'python3',
    ['-S', '-m', 'moto.server', '--host', '127.0.0.1', '--port', String(port)],
    {
      env: { PATH: process.env.PATH, PYTHONPATH: [packages, STAND_INS].join(delimiter), HOME: packages },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-LOG_CHARACTERS);
  });
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(() => fetch(`${url}/moto-api/`), START);
  return {
    url,
    credentials: { accessKeyId: 'anybody', secretAccessKey: 'anything' }, // it does not look
    log: () => log,
    async [Symbol.asyncDispose]() {
      server.kill();
      await once(server, 'exit');
    },
  };
}

/** The folder with the packages. Those of other pins are not touched. */
async function installed(): Promise<string> {
  const pins = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex');
  const folder = join(CACHE, `moto-${pins.slice(0, 12)}`);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const begun = await mkdtemp(`${folder}-`);
  const options = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '--no-compile', '--quiet'];
  await promisify(execFile)(
    'python3',
    ['-m', 'pip', 'install', ...options, '--target', begun, '--requirement', REQUIREMENTS],
    {
      env: {
        ...process.env,
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PIP_NO_INPUT: '1',
        PIP_ROOT_USER_ACTION: 'ignore',
      },
    },
  );
  await rename(begun, folder);
  return folder;
}

/** It cannot be told to choose one itself, and say which. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
