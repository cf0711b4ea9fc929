/**
 * `npm start`: fetches the model, builds, and serves the Worker in workerd on this machine.
 * The first run downloads; later ones ask nothing of the network.
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { accessFields, checkHost } from '../app/access/settings.ts';
import { readSettings } from '../app/settings.ts';
import { findModel } from '../models/catalogue.ts';
import { megabytes } from '../models/cli/events.ts';
import { criaHome, isPacked, modelsFolder } from '../models/cli/home.ts';
import { hubOf } from '../models/cli/hub-http.ts';
import { pull } from '../models/cli/pull.ts';
import { reporterFor } from '../models/cli/pull-command.ts';
import type { Manifest } from '../models/manifest.ts';
import { buildApart } from './build-apart.ts';
import { localKeys } from './local-keys.ts';
import { startWorkerd } from './start-workerd.ts';
import { type WarmUp, warmUp } from './warm-up.ts';
import { builtVars, DIST } from './workerd-command.ts';

const HELP = `npm start [-- --help]

Serves Cria at http://127.0.0.1:8787: a playground, and the OpenAI API under /v1.

  PORT                where to listen                          8787
  HOST                0.0.0.0 lets other machines in           127.0.0.1
  CRIA_KEYS_FILE      who may come in ('npm run cria keys'), which HOST=0.0.0.0 needs; see docs/access.md
  CRIA_KEYS           the same as a secret: keys with commas between
  CRIA_METRICS        key or open: whether /metrics asks for one, where there are keys
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
  CRIA_GUARD_ENFORCED on: a key's own rules only add to these
  CRIA_GUARD_ROUTES   other rules for some routes, as JSON; see docs/safety.md
  CRIA_GUARD_UNKNOWN  unsafe or safe: what an answer is taken for that is neither
  CRIA_LIMIT_REQUESTS, CRIA_LIMIT_TOKENS, CRIA_LIMIT_CONCURRENCY
                      what each key, or each address, may take; see docs/access.md
  CRIA_MAX_BODY, CRIA_MAX_MESSAGES, CRIA_MAX_TEXT, CRIA_MAX_TOKENS
                      how large a request may be; see docs/access.md
  CRIA_PROXIES        how many of them stand before it, and say in X-Forwarded-For who asked
  CRIA_CORS           whose pages may ask besides its own
  CRIA_SLOW           seconds from which on a request gets a line of its own in the log; 0: none
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
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());

try {
  await start();
} catch (error) {
  if (!stop.signal.aborted) {
    process.stderr.write(`\nerror: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function start(): Promise<void> {
  const env = readSettings(Env, process.env);
  const { HOST: host, PORT: port } = env;
  await assertFree(host, port);

  await buildApart(stop.signal);
  const vars = builtVars(DIST, process.env);
  const { keys, vars: access } = localKeys(env);
  const manifest = findModel(vars.CRIA_MODEL!);
  const home = criaHome(process.env);
  const guards = vars.CRIA_GUARD ? [findModel(vars.CRIA_GUARD)] : [];
  for (const wanted of [manifest, ...guards]) if (!isPacked(home, wanted)) await fetchModel(wanted, home);

  let serving = false; // the warm-up's requests are nobody's
  await using workerd = await startWorkerd({
    dist: DIST,
    host,
    port,
    weights: modelsFolder(home),
    keys,
    state: join(home, 'workerd'),
    vars: { ...vars, ...access },
    onLog: (line, from) => {
      if (serving || from === 'workerd' || line.startsWith('{"event":"error"')) say(line);
    },
  });
  const hasKeys = env.CRIA_KEYS !== '' || env.CRIA_KEYS_FILE !== ''; // which are not ours to use
  const speed = hasKeys ? undefined : await warmUp(workerd.url, manifest.id, stop.signal);
  serving = true;
  say(greeting(manifest, workerd.url, speed, performance.now() / 1000)); // since this process began
  const stopped = new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
  await Promise.race([stopped, workerd.ended]);
  if (!stop.signal.aborted) throw new Error('workerd has ended');
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

async function fetchModel(manifest: Manifest, home: string): Promise<void> {
  const now = () => performance.now();
  const terminal = {
    write: (text: string) => process.stdout.write(text),
    columns: process.stdout.columns ?? 80,
    now,
  };
  const report = reporterFor({ interactive: process.stdout.isTTY === true, terminal });
  await pull(manifest, {
    home,
    hub: hubOf(process.env),
    pip: { environment: process.env },
    report: (event) => event.event !== 'present' && report(event),
    signal: stop.signal,
    now,
    verify: false, // it was when it came, and is again while it loads
  });
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
