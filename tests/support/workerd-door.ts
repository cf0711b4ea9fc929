import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V4WorkerOptions } from 'miniflare';
import { CATALOGUE } from '../../models/catalogue.ts';
import { buildAll } from '../../scripts/build.ts';
import { putWeights } from '../../scripts/local-r2.ts';
import { type LocalWorkerd, startLocalWorkerd } from '../../scripts/local-workerd.ts';
import { readVars } from '../../scripts/wrangler-toml.ts';
import { smollm2Path } from './smollm2.ts';

/** edge/worker.ts, bundled, in the real workerd, the default model in a local R2 of its own. Not loaded yet. */
export async function openWorkerd(
  vars: Readonly<Record<string, string>> = {},
  beside: readonly V4WorkerOptions[] = [],
): Promise<LocalWorkerd> {
  const folder = await mkdtemp(join(tmpdir(), 'cria-workerd-'));
  const dist = join(folder, 'dist');
  const storage = join(folder, 'storage');
  await putWeights({ storage, manifest: CATALOGUE[0]!, path: smollm2Path(), onProgress: () => {} });
  await buildAll(dist);
  const workerd = await startLocalWorkerd({
    dist,
    host: '127.0.0.1',
    port: 0,
    storage,
    vars: readVars(vars),
    beside,
    onLog: ({ level, message }) => {
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
