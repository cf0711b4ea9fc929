/** The Node door: the same app, weights from disk. For a single node, and for the container. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { createApp } from '../app/app.ts';
import { runBatches } from '../app/batches/run-batches.ts';
import { toEngineSettings } from '../app/engine-settings.ts';
import type { Safety } from '../app/safety.ts';
import { toPolicy } from '../app/safety-settings.ts';
import { readSettings } from '../app/settings.ts';
import { createSqlStorage } from '../app/storage/sql-storage.ts';
import { createGuardedEngine } from '../engine/guard/guarded-engine.ts';
import { createModelGuard } from '../engine/guard/model-guard.ts';
import { createModelEngine } from '../engine/model-engine.ts';
import { findModel } from '../models/catalogue.ts';
import { openFolder } from '../models/cli/file-source.ts';
import { criaHome, isPacked, modelFolder } from '../models/cli/home.ts';
import { nodeHasher } from '../models/cli/node-hasher.ts';
import { filePath } from '../models/cli/pull.ts';
import type { Manifest } from '../models/manifest.ts';
import { startBatchLoop } from './batch-loop.ts';
import { createNodeDevice } from './device.ts';
import { Env } from './env.ts';
import { openNodeSql } from './node-sql.ts';

const PAGE = fileURLToPath(new URL('../web', import.meta.url)); // dist/web, of dist/lambda/server.mjs

const env = settings();
const home = criaHome(env);
const manifest = onDisk(env.CRIA_MODEL);

const engine = createModelEngine({
  manifest,
  settings: toEngineSettings(env),
  random: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
  ...machine(manifest),
});
const storage = openStorage(env.CRIA_STORAGE_FILE ?? join(home, 'storage.sqlite'));
const newId = () => crypto.randomUUID();
const log = (event: Record<string, string | number>) => console.log(JSON.stringify(event));
const safety = guard();
const app = createApp({
  engine: safety ? createGuardedEngine(engine, safety) : engine,
  safety,
  storage,
  wakeBatches: async () => batches.wake(),
  place: { runtime: 'node', backend: 'wasm' },
  now: Date.now,
  newId,
  log,
});
const batches = startBatchLoop({
  run: (signal) => {
    const fetch = (request: Request) => app.fetch(request, { priority: 'low' });
    return runBatches({ storage, fetch, now: Date.now, newId, width: 4, turn: 16 }, signal);
  },
  onError: (error) => {
    const { name, message, stack = '' } = error as Error;
    log({ event: 'error', during: 'batches', name, message, stack });
  },
  laterMs: 10_000,
});
app.use('/*', serveStatic({ root: PAGE }));

const server = serve({ fetch: app.fetch, hostname: env.HOST, port: env.PORT }, ({ address, port }) =>
  console.log(JSON.stringify({ event: 'listening', url: `http://${address}:${port}`, model: manifest.id })),
);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    batches.stop();
    server.close(() => process.exit(0)); // open streams finish first
  });

function guard(): Safety | undefined {
  if (env.CRIA_GUARD === '') return undefined;
  const manifest = onDisk(env.CRIA_GUARD);
  const guard = createModelGuard({ manifest, kvType: env.CRIA_KV, ...machine(manifest) });
  return { guard, policy: toPolicy(env), path: env.CRIA_GUARD_JUDGE, refusal: env.CRIA_GUARD_REFUSAL };
}

/** A catalogue entry whose files are here. */
function onDisk(name: string): Manifest {
  const manifest = findModel(name);
  const path = filePath(home, manifest, manifest.files[0]!);
  if (!existsSync(path) && !isPacked(home, manifest)) {
    console.error(`${path} is missing: run 'npm run pull -- ${manifest.name}'`);
    process.exit(1);
  }
  return manifest;
}

/** What this door brings for a model. */
function machine(manifest: Manifest) {
  return {
    createDevice: () => createNodeDevice(env.CRIA_THREADS),
    openFile: openFolder(modelFolder(home, manifest)),
    createHasher: nodeHasher,
    nowMs: Date.now,
    breathe: () => setImmediate(),
    pause: () => setTimeout(20),
  };
}

function openStorage(path: string) {
  try {
    return createSqlStorage(openNodeSql(path), { maxBytes: env.CRIA_STORAGE * 2 ** 20, now: Date.now });
  } catch (error) {
    console.error(`${path} cannot be used: ${(error as Error).message}`);
    process.exit(1);
  }
}

function settings(): Env {
  try {
    return readSettings(Env, process.env);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
