import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { accessFields } from '../../app/access/settings.ts';
import { CATALOGUE, findModel } from '../../models/catalogue.ts';
import { buildAll } from '../../scripts/build.ts';
import { localKeys } from '../../scripts/local-keys.ts';
import { type RunningWorkerd, startWorkerd } from '../../scripts/start-workerd.ts';
import { readVars } from '../../scripts/wrangler-toml.ts';
import type { DoorOptions } from './door-options.ts';
import { linkModel } from './link-model.ts';
import { recitalPlugins } from './recital-door.ts';
import { smollm2Path } from './smollm2.ts';

/** edge/worker.ts, bundled, in workerd by itself, a folder of models of its own. Not loaded yet. */
export async function openWorkerd(options: DoorOptions = {}): Promise<RunningWorkerd> {
  const { vars = {}, model = smollm2Path(), guard, recital = false, onLog = () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'cria-workerd-'));
  const dist = join(folder, 'dist');
  const weights = join(folder, 'models');
  await linkModel(weights, CATALOGUE[0]!, model);
  if (guard) await linkModel(weights, findModel(guard.name), guard.path);
  await buildAll(dist, recitalPlugins({ model: recital, guard: options.recitalGuard ?? false }));
  const { keys, vars: access } = localKeys(z.object(accessFields).parse(vars));
  const workerd = await startWorkerd({
    dist,
    host: '127.0.0.1',
    port: 0,
    weights,
    keys,
    state: options.storage ?? join(folder, 'state'),
    vars: { ...readVars(vars), ...access },
    onLog: (line, from) => {
      onLog(line);
      if (from === 'workerd') console.error(line);
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
