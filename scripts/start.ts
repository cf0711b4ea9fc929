/**
 * `npm start`: fetches the model, builds, and serves the Worker in workerd on this machine.
 * The first run downloads; later ones ask nothing of the network.
 */
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { accessFields, checkHost } from '../app/access/settings.ts';
import { readSettings } from '../app/settings.ts';
import { findModel } from '../models/catalogue.ts';
import { megabytes } from '../models/cli/events.ts';
import { criaHome, isPacked, packedFolder } from '../models/cli/home.ts';
import { hubOf } from '../models/cli/hub-http.ts';
import { pull } from '../models/cli/pull.ts';
import { reporterFor } from '../models/cli/pull-command.ts';
import type { Manifest } from '../models/manifest.ts';
import { buildAll, DIST } from './build.ts';
import { followKeysFile, localAccess } from './local-keys.ts';
import { putWeights } from './local-r2.ts';
import { startLocalWorkerd } from './local-workerd.ts';
import { type WarmUp, warmUp } from './warm-up.ts';
import { readVars } from './wrangler-toml.ts';

const HELP = `npm start [-- --help]

Serves Cria at http://127.0.0.1:8787: a playground, and the OpenAI API under /v1.

  PORT                where to listen                          8787
  HOST                0.0.0.0 lets other machines in           127.0.0.1
  CRIA_KEYS_FILE      who may come in ('npm run cria keys'), which HOST=0.0.0.0 needs; see docs/access.md
  CRIA_KEYS           the same as a secret: keys with commas between
  CRIA_MODEL          a model of 'npm run cria list'           from wrangler.toml, as all below
  CRIA_CONTEXT        tokens of prompt and reply together
  CRIA_RUNNING        requests that compute at once
  CRIA_WAITING        requests that wait; one more gets 429
  CRIA_KV             f16 or q8, how keys and values are kept
  CRIA_PREFIX_CACHE   MiB that keep what earlier requests computed
  CRIA_SPECULATE      on or off: check several guessed tokens in one pass, where that pays
  CRIA_GUARD          a Llama Guard of 'npm run cria list', which judges; see docs/safety.md
  CRIA_GUARD_JUDGE    off, input, output or both: what of conversations it judges as they pass
  CRIA_GUARD_REFUSAL  the reply to what may not be asked
  CRIA_GUARD_THRESHOLD  P(unsafe) from which on something is flagged
  CRIA_GUARD_EXCLUDE  its categories that are no reason, such as S6,S8
  CRIA_GUARD_UNKNOWN  unsafe or safe: what an answer is taken for that is neither
  CRIA_STORAGE        MiB for files and all else that is stored
  CRIA_HOME           where all of it is kept                  ~/.cache/cria
  HF_TOKEN            your Hugging Face token, for models that are gated there
`;

const Env = z
  .object({
    PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
    HOST: z.string().min(1).default('127.0.0.1'),
    ...accessFields,
  })
  .superRefine(checkHost);

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const stop = new AbortController();
stopOnSignals();

try {
  await start();
} catch (error) {
  if (!stop.signal.aborted) {
    process.stderr.write(`\nerror: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function start(): Promise<void> {
  const began = performance.now();
  const env = readSettings(Env, process.env);
  const { HOST: host, PORT: port } = env;
  await assertFree(host, port);

  const vars = readVars(process.env);
  const manifest = findModel(vars.CRIA_MODEL!);
  const home = criaHome(process.env);
  const storage = join(home, 'workerd');
  const guards = vars.CRIA_GUARD ? [findModel(vars.CRIA_GUARD)] : [];
  const bringAll = async () => {
    for (const wanted of [manifest, ...guards]) await bringWeights(wanted, home, storage); // one at a time: it is one R2
  };
  await Promise.all([bringAll(), buildAll()]);

  let servingSince = Number.POSITIVE_INFINITY; // the warm-up's requests are nobody's
  await using workerd = await startLocalWorkerd({
    dist: DIST,
    host,
    port,
    storage,
    vars: { ...vars, ...localAccess(env) },
    onLog: ({ level, message, timestamp }) => {
      if (timestamp >= servingSince || level === 'error' || level === 'warn') say(message);
    },
  });
  await using _keys = await followKeysFile(env.CRIA_KEYS_FILE, workerd);
  stopOnSignals();
  const hasKeys = env.CRIA_KEYS !== '' || env.CRIA_KEYS_FILE !== ''; // which are not ours to use
  const speed = hasKeys ? undefined : await warmUp(workerd.url, manifest.id, stop.signal);
  servingSince = Date.now();
  say(greeting(manifest, workerd.url, speed, (performance.now() - began) / 1000));
  await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
}

/** Fetches a model if need be, and puts it where the Worker reads it. */
async function bringWeights(manifest: Manifest, home: string, storage: string): Promise<void> {
  const packed = isPacked(home, manifest);
  const path = packed ? packedFolder(home, manifest) : await fetchModel(manifest, home);
  const onProgress = () => stop.signal.throwIfAborted();
  const copied = await putWeights({ storage, manifest, path, onProgress });
  if (copied) say(`copied ${packed ? 'the packed weights' : basename(path)} into the local R2`);
}

/** Miniflare brings handlers that exit at once with 130, which npm reports as a failure; these take their place. */
function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.removeAllListeners(signal).once(signal, () => stop.abort());
}

/** Throws when another program listens there: workerd would say so less clearly. */
async function assertFree(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(
        new Error(
          code === 'EADDRINUSE'
            ? `${host}:${port} is taken; stop what listens there, or choose another port: PORT=${port + 1} npm start`
            : `cannot listen on ${host}:${port}: ${message}`,
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

async function fetchModel(manifest: Manifest, home: string): Promise<string> {
  const now = () => performance.now();
  const terminal = {
    write: (text: string) => process.stdout.write(text),
    columns: process.stdout.columns ?? 80,
    now,
  };
  const report = reporterFor({ interactive: process.stdout.isTTY === true, terminal });
  const paths = await pull(manifest, {
    home,
    hub: hubOf(process.env),
    pip: { environment: process.env },
    report: (event) => event.event !== 'present' && report(event),
    signal: stop.signal,
    now,
    verify: false, // it was when it came, and R2 checks it again
  });
  return paths[0]!;
}

function greeting(
  { id, files, licence }: Manifest,
  url: URL,
  speed: WarmUp | undefined,
  seconds: number,
): string {
  const size = files[0]!.size === undefined ? '' : `, ${megabytes(files[0]!.size)}`;
  const speedLine = speed
    ? `\n  speed       loaded in ${speed.loadSeconds.toFixed(1)} s, then ${speed.tokensPerSecond.toFixed(0)} tokens a second`
    : '';
  const keyLine = speed ? '' : `\n    -H "authorization: Bearer $YOUR_KEY" \\`;
  const body = JSON.stringify({ model: id, messages: [{ role: 'user', content: 'Hello!' }] });
  return `
Cria is ready after ${seconds.toFixed(1)} s.

  playground  ${url}
  API         ${new URL('/v1', url)}
  model       ${id} (${licence.name}${size})${speedLine}

  curl ${new URL('/v1/chat/completions', url)} \\
    -H 'content-type: application/json' \\${keyLine}
    -d '${body}'

Ctrl-C stops it.
`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
