import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V4WorkerOptions } from 'miniflare';
import { CATALOGUE, findModel } from '../../models/catalogue.ts';
import type { Manifest } from '../../models/manifest.ts';
import { buildAll } from '../../scripts/build.ts';
import { readVars } from '../../scripts/wrangler-toml.ts';
import type { DoorOptions } from './door-options.ts';
import { type Item, putItems, putWeights } from './local-r2.ts';
import { type LocalWorkerd, startLocalWorkerd } from './local-workerd.ts';
import { recitalPlugins } from './recital-door.ts';
import { smollm2Path } from './smollm2.ts';

interface R2DoorOptions extends DoorOptions {
  readonly beside?: readonly V4WorkerOptions[];
  /** What lies in its R2, in place of a model's own files. */
  readonly items?: readonly Item[];
}

/** edge/worker.ts in Miniflare's workerd, as Cloudflare runs it: assets before it, the model in a local R2. Not loaded yet. */
export async function openR2(options: R2DoorOptions = {}): Promise<LocalWorkerd> {
  const { vars = {}, model = smollm2Path(), recital = false, onLog = () => {}, beside = [], items } = options;
  const folder = await mkdtemp(join(tmpdir(), 'cria-workerd-'));
  const dist = join(folder, 'dist');
  const storage = options.storage ?? join(folder, 'storage');
  const manifest = options.model === undefined ? CATALOGUE[0]! : anyBytes(CATALOGUE[0]!);
  if (items) await putItems(storage, items, () => {});
  else if (!recital) await putWeights({ storage, manifest, path: model, onProgress: () => {} });
  if (options.guard)
    await putWeights({
      storage,
      manifest: findModel(options.guard.name),
      path: options.guard.path,
      onProgress: () => {},
    });
  await buildAll(dist, recitalPlugins({ model: recital, guard: options.recitalGuard ?? false }));
  const workerd = await startLocalWorkerd({
    dist,
    host: '127.0.0.1',
    port: 0,
    storage,
    vars: readVars(vars),
    beside,
    onLog: ({ level, message }) => {
      onLog(message);
      if (level === 'error' || level === 'warn') console.error(message);
    },
  });
  return {
    ...workerd,
    async [Symbol.asyncDispose]() {
      await workerd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** R2 refuses a file of another sha256 than the catalogue's. */
function anyBytes(manifest: Manifest): Manifest {
  return { ...manifest, files: manifest.files.map(({ sha256: _, ...file }) => file) };
}
