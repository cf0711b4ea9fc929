/** The Cloudflare Workers door: bindings in, the app out. */
import type { ExecutionContext } from '@cloudflare/workers-types';
import { createApp } from '../app/app.ts';
import { readSettings } from '../app/settings.ts';
import { createModelEngine } from '../engine/model-engine.ts';
import { createWasmDevice } from '../kernels/wasm/device.ts';
import relaxed from '../kernels/wasm/kernels-relaxed.wasm';
import { findModel } from '../models/catalogue.ts';
import { digestHasher } from './digest-hasher.ts';
import { Env } from './env.ts';
import { objectStorage } from './object-storage.ts';
import { openR2Source } from './r2-source.ts';

export { StorageObject } from './storage-object.ts';

/** Built on the first request, since bindings arrive with it; kept for the life of the isolate, weights and all. */
let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request: Request, bindings: unknown, context: ExecutionContext): Response | Promise<Response> {
    app ??= build(readSettings(Env, bindings));
    const response = app.fetch(request);
    // Without this a client that leaves takes the request's pending work with it: the load it began stops halfway, and
    // no `finally` runs. With it the work goes on, and `request.signal` tells it to end (enable_request_signal). Over
    // plain HTTP workerd takes a closed connection (FIN) for a client that still listens, until it writes: there, a reply
    // that is not streamed is finished for nobody.
    context.waitUntil(Promise.resolve(response));
    return response;
  },
};

function build(env: Env) {
  const manifest = findModel(env.CRIA_MODEL);
  const engine = createModelEngine({
    manifest,
    settings: {
      contextLength: env.CRIA_CONTEXT,
      running: env.CRIA_RUNNING,
      waiting: env.CRIA_WAITING,
      kvType: env.CRIA_KV,
      prefixCacheBytes: env.CRIA_PREFIX_CACHE * 2 ** 20,
      speculation: env.CRIA_SPECULATE === 'on',
    },
    createDevice: () => createWasmDevice(relaxed, 'wasm (relaxed simd)'),
    openFile: (file) => openR2Source(env.WEIGHTS, `${manifest.name}/${file}`),
    createHasher: digestHasher,
    nowMs: Date.now,
    random: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
    breathe: () => wait(0), // 1.2 ms in workerd; microtasks and messages cost less, and let no other request in
    pause: () => wait(20),
  });
  return createApp({
    engine,
    storage: objectStorage(env.STORAGE),
    place: { runtime: 'workerd', backend: 'wasm' },
    now: Date.now,
    newId: () => crypto.randomUUID(),
    log: (event) => console.log(JSON.stringify(event)),
  });
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
