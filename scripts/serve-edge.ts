/**
 * The Worker in workerd as a server: for a container, a systemd unit and `cria up`. It builds and fetches nothing, which
 * `npm start` does.
 *
 *     node scripts/serve-edge.ts [dist]
 *
 * Settings are wrangler.toml's [vars], from the environment, and HOST, PORT, CRIA_HOME (weights) and CRIA_STATE (what the
 * local R2 and Durable Objects keep; one folder a server). `dist` is what `npm run build` wrote.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { accessFields, checkHost } from '../app/access/settings.ts';
import { readSettings } from '../app/settings.ts';
import { findModel } from '../models/catalogue.ts';
import { criaHome, isPacked, packedFolder } from '../models/cli/home.ts';
import { filePath } from '../models/cli/pull.ts';
import type { Manifest } from '../models/manifest.ts';
import { DIST } from './build.ts';
import { followKeysFile, localAccess } from './local-keys.ts';
import { putWeights } from './local-r2.ts';
import { startLocalWorkerd } from './local-workerd.ts';
import { readVars } from './wrangler-toml.ts';

const Env = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
    CRIA_STATE: z.string().min(1).optional(), // `workerd` in CRIA_HOME when absent
    ...accessFields,
  })
  .superRefine(checkHost);

const stop = new AbortController();
stopOnSignals();
try {
  await serve();
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

async function serve(): Promise<void> {
  const env = readSettings(Env, process.env);
  const vars = readVars(process.env);
  const manifest = findModel(vars.CRIA_MODEL!);
  const home = criaHome(process.env);
  const storage = env.CRIA_STATE ?? join(home, 'workerd');
  const guards = vars.CRIA_GUARD ? [findModel(vars.CRIA_GUARD)] : [];
  for (const wanted of [manifest, ...guards]) await bringWeights(wanted, home, storage); // one at a time: it is one R2
  await using workerd = await startLocalWorkerd({
    dist: process.argv[2] ?? DIST,
    host: env.HOST,
    port: env.PORT,
    storage,
    vars: { ...vars, ...localAccess(env) },
    onLog: ({ message }) => console.log(message),
  });
  await using _keys = await followKeysFile(env.CRIA_KEYS_FILE, workerd);
  stopOnSignals();
  console.log(JSON.stringify({ event: 'listening', url: workerd.url.origin, model: manifest.id }));
  if (!stop.signal.aborted)
    await new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }));
}

/** Puts a model that is here where the Worker reads it. */
async function bringWeights(manifest: Manifest, home: string, storage: string): Promise<void> {
  const path = isPacked(home, manifest)
    ? packedFolder(home, manifest)
    : filePath(home, manifest, manifest.files[0]!);
  if (!existsSync(path)) throw new Error(`${path} is missing: run 'npm run pull -- ${manifest.name}'`);
  await putWeights({ storage, manifest, path, onProgress: () => stop.signal.throwIfAborted() });
}

/** Miniflare brings handlers that exit at once; these take their place. */
function stopOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.removeAllListeners(signal).once(signal, () => stop.abort());
}
