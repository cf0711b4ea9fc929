/** The app as Node runs it: weights from disk, what is stored in a file. Doors ask it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Hono } from 'hono';
import { toLimits } from '../app/access/limit-settings.ts';
import { createLimiter } from '../app/access/limiter.ts';
import { createApp } from '../app/app.ts';
import { runBatches } from '../app/batches/run-batches.ts';
import type { Deps } from '../app/deps.ts';
import { toEngineSettings } from '../app/engine-settings.ts';
import { createLifecycle, type LifecycleControl } from '../app/lifecycle.ts';
import { createMetrics, type Metrics } from '../app/metrics.ts';
import { observedGuard } from '../app/observed-guard.ts';
import { toRequestOptions } from '../app/request-settings.ts';
import type { AppEnv } from '../app/run.ts';
import type { Safety } from '../app/safety.ts';
import { toSafety } from '../app/safety-settings.ts';
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
import { openAccess } from './access.ts';
import { startBatchLoop } from './batch-loop.ts';
import { createNodeDevice } from './device.ts';
import type { Env } from './env.ts';
import { openNodeSql } from './node-sql.ts';
import { processSamples } from './process-samples.ts';

export interface NodeApp {
  readonly app: Hono<AppEnv>;
  readonly model: Manifest;
  readonly lifecycle: LifecycleControl;
  readonly log: Deps['log'];
  /** Begins no more of a batch's lines. */
  stop(): void;
}

/** Throws   Error with what to do, when weights are missing, or the storage or the keys cannot be opened */
export function createNodeApp(env: Env, runtime: 'node' | 'lambda'): NodeApp {
  const home = criaHome(env);
  const model = onDisk(home, env.CRIA_MODEL);

  const engine = createModelEngine({
    manifest: model,
    settings: toEngineSettings(env),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
    ...machine(model, home, env),
  });
  const storage = openStorage(env.CRIA_STORAGE_FILE ?? join(home, 'storage.sqlite'), env.CRIA_STORAGE);
  const newId = () => crypto.randomUUID();
  const lifecycle = createLifecycle();
  const log: Deps['log'] = (event) => console.log(JSON.stringify(event));
  const metrics = createMetrics();
  const safety = guard(home, env, metrics);
  const access = openAccess(env, log);
  const app = createApp(
    {
      engine: safety ? createGuardedEngine(engine, safety) : engine,
      access,
      limiter: createLimiter({ now: Date.now, newId }),
      safety,
      storage,
      wakeBatches: async () => batches.wake(),
      lifecycle,
      metrics,
      platform: processSamples,
      place: { runtime, backend: 'wasm' },
      now: Date.now,
      newId,
      log,
    },
    {
      openMetrics: env.CRIA_METRICS === 'open',
      limits: toLimits(env),
      slowMs: env.CRIA_SLOW * 1000,
      ...toRequestOptions(env),
    },
  );
  const batches = startBatchLoop({
    run: (signal) => {
      const fetch = (request: Request, caller?: string) => app.fetch(request, { priority: 'low', caller });
      return runBatches({ storage, fetch, now: Date.now, newId, width: 4, turn: 16 }, signal);
    },
    onError: (error) => {
      const { name, message, stack = '' } = error as Error;
      log({ event: 'error', during: 'batches', name, message, stack });
    },
    laterMs: 10_000,
  });
  return { app, model, lifecycle, log, stop: () => batches.stop() };
}

function guard(home: string, env: Env, metrics: Metrics): Safety | undefined {
  if (env.CRIA_GUARD === '') return undefined;
  const manifest = onDisk(home, env.CRIA_GUARD);
  const own = createModelGuard({ manifest, kvType: env.CRIA_KV, ...machine(manifest, home, env) });
  const guard = observedGuard(own, { metrics, now: Date.now });
  return { guard, ...toSafety(env) };
}

/** A catalogue entry whose files are here. */
function onDisk(home: string, name: string): Manifest {
  const manifest = findModel(name);
  const path = filePath(home, manifest, manifest.files[0]!);
  if (!existsSync(path) && !isPacked(home, manifest))
    throw new Error(`${path} is missing: run 'npm run pull -- ${manifest.name}'`);
  return manifest;
}

/** What this door brings for a model. */
function machine(manifest: Manifest, home: string, env: Env) {
  return {
    createDevice: () => createNodeDevice(env.CRIA_THREADS),
    openFile: openFolder(modelFolder(home, manifest)),
    createHasher: nodeHasher,
    nowMs: Date.now,
    breathe: () => setImmediate(),
    pause: () => setTimeout(20),
  };
}

function openStorage(path: string, mebibytes: number) {
  try {
    return createSqlStorage(openNodeSql(path), { maxBytes: mebibytes * 2 ** 20, now: Date.now });
  } catch (error) {
    throw new Error(`${path} cannot be used: ${(error as Error).message}`);
  }
}
