import { toLimits } from '../app/access/limit-settings.ts';
import { createApp } from '../app/app.ts';
import { toEngineSettings } from '../app/engine-settings.ts';
import { createMetrics, type Metrics } from '../app/metrics.ts';
import { observedGuard } from '../app/observed-guard.ts';
import { toRequestOptions } from '../app/request-settings.ts';
import type { Safety } from '../app/safety.ts';
import { toSafety } from '../app/safety-settings.ts';
import { readSettings } from '../app/settings.ts';
import { createGuardedEngine } from '../engine/guard/guarded-engine.ts';
import { createModelGuard } from '../engine/guard/model-guard.ts';
import { createModelEngine } from '../engine/model-engine.ts';
import { createWasmDevice } from '../kernels/wasm/device.ts';
import relaxed from '../kernels/wasm/kernels-relaxed.wasm';
import { findModel } from '../models/catalogue.ts';
import type { Manifest } from '../models/manifest.ts';
import { accessOf } from './access.ts';
import { digestHasher } from './digest-hasher.ts';
import { openDiskSource } from './disk-source.ts';
import { Env } from './env.ts';
import { objectLimiter } from './object-limiter.ts';
import { objectStorage, storageObject } from './object-storage.ts';
import { openWeights } from './published-weights.ts';
import { openR2Source } from './r2-source.ts';
import { servePage } from './serve-page.ts';

/** Built when it is first needed, since bindings arrive with a request; kept for the life of the isolate, weights and all. */
let app: ReturnType<typeof createApp> | undefined;

/** The app of this isolate. Throws SettingsError. */
export function appOf(bindings: unknown): ReturnType<typeof createApp> {
  app ??= build(readSettings(Env, withoutUnset(bindings as Record<string, unknown>)));
  return app;
}

/** workerd's own config names every setting, and gives null for what the environment does not have. */
const withoutUnset = (bindings: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(bindings).filter(([, value]) => value !== null));

function build(env: Env) {
  const manifest = findModel(env.CRIA_MODEL);
  const engine = createModelEngine({
    manifest,
    settings: toEngineSettings(env),
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
    ...machine(env, manifest),
  });
  const metrics = createMetrics();
  const safety = guardOf(env, metrics);
  const log = (event: Record<string, string | number>) => console.log(JSON.stringify(event));
  const app = createApp(
    {
      engine: safety ? createGuardedEngine(engine, safety) : engine,
      access: accessOf(env, log),
      limiter: objectLimiter(env.LIMITER, () => crypto.randomUUID()),
      safety,
      storage: objectStorage(env.STORAGE),
      wakeBatches: () => storageObject(env.STORAGE).wakeBatches(),
      metrics,
      place: { runtime: 'workerd', backend: 'wasm' },
      now: Date.now,
      newId: () => crypto.randomUUID(),
      log,
    },
    {
      openMetrics: env.CRIA_METRICS === 'open',
      limits: toLimits(env),
      slowMs: env.CRIA_SLOW * 1000,
      ...toRequestOptions(env),
    },
  );
  if (env.PAGE) app.use('/*', servePage(env.PAGE));
  return app;
}

function guardOf(env: Env, metrics: Metrics): Safety | undefined {
  if (env.CRIA_GUARD === '') return undefined;
  const manifest = findModel(env.CRIA_GUARD);
  const own = createModelGuard({ manifest, kvType: env.CRIA_KV, ...machine(env, manifest) });
  const guard = observedGuard(own, { metrics, now: Date.now });
  return { guard, ...toSafety(env) };
}

/** What this door brings for a model. */
function machine({ WEIGHTS, WEIGHTS_FOLDER }: Env, { name }: Manifest) {
  return {
    createDevice: () => createWasmDevice(relaxed, 'wasm (relaxed simd)'),
    openFile: openWeights(
      (key) => (WEIGHTS_FOLDER ? openDiskSource(WEIGHTS_FOLDER, key) : openR2Source(WEIGHTS!, key)),
      name,
    ),
    createHasher: digestHasher,
    nowMs: Date.now,
    breathe: () => wait(0), // 1.2 ms in workerd; microtasks and messages cost less, and let no other request in
    pause: () => wait(20),
  };
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
