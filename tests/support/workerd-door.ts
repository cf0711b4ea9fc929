import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V4WorkerOptions } from 'miniflare';
import { CATALOGUE } from '../../models/catalogue.ts';
import { buildAll } from '../../scripts/build.ts';
import { type LocalWorkerd, readVars, startLocalWorkerd } from '../../scripts/local-workerd.ts';
import { smollm2Path } from './smollm2.ts';

/** edge/worker.ts, bundled, in the real workerd, the default model in a local R2 of its own. Not loaded yet. */
export async function openWorkerd(beside: readonly V4WorkerOptions[] = []): Promise<LocalWorkerd> {
  const folder = await mkdtemp(join(tmpdir(), 'cria-workerd-'));
  const dist = join(folder, 'dist');
  await buildAll(dist);
  const workerd = await startLocalWorkerd({
    dist,
    host: '127.0.0.1',
    port: 0,
    storage: join(folder, 'storage'),
    vars: readVars({}),
    beside,
    onLog: ({ level, message }) => {
      if (level === 'error' || level === 'warn') console.error(message);
    },
  });
  await workerd.putWeights(CATALOGUE[0]!, smollm2Path(), () => {});
  return {
    ...workerd,
    async [Symbol.asyncDispose]() {
      await workerd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
