import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { V8_FLAGS } from '../../infra/v8-flags.ts';
import { CATALOGUE, findModel } from '../../models/catalogue.ts';
import { modelsFolder } from '../../models/cli/home.ts';
import { buildAll } from '../../scripts/build.ts';
import type { Door } from '../targets/contract.ts';
import type { DoorOptions } from './door-options.ts';
import { linkModel } from './link-model.ts';
import { recitalPlugins } from './recital-door.ts';
import { smollm2Path } from './smollm2.ts';

export interface NodeDoor extends Door {
  readonly pid: number;
  /** Asks it to end. Its exit code comes when it has. */
  stop(): Promise<number | null>;
}

/** The Node server as it is built, in a process of its own, weights on disk. Not loaded yet. */
export async function openNode(options: DoorOptions = {}): Promise<NodeDoor> {
  const { vars = {}, model = smollm2Path(), recital = false, onLog = () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'cria-node-'));
  const storage = options.storage ?? folder;
  const dist = join(folder, 'dist');
  await buildAll(dist, recitalPlugins({ model: recital, guard: options.recitalGuard ?? false }));
  const models = modelsFolder(folder);
  await linkModel(models, CATALOGUE[0]!, model);
  if (options.guard) await linkModel(models, findModel(options.guard.name), options.guard.path);

  const server = spawn(process.execPath, [...V8_FLAGS, join(dist, 'lambda/server.mjs')], {
    env: {
      ...process.env,
      ...vars,
      PORT: '0',
      CRIA_HOME: folder,
      CRIA_STORAGE_FILE: join(storage, 'storage.sqlite'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = createInterface({ input: server.stdout }).on('line', onLog);
  createInterface({ input: server.stderr }).on('line', (line) => {
    onLog(line);
    console.error(line);
  });
  const exited = once(server, 'exit').then(([code]) => code as number | null);
  async function stop(): Promise<number | null> {
    server.kill('SIGTERM');
    return exited;
  }
  const first = await Promise.race([once(lines, 'line'), exited]);
  if (!Array.isArray(first)) throw new Error(`the server has ended with exit code ${first}`);
  const [line] = first as [string];
  return {
    url: new URL((JSON.parse(line) as { url: string }).url),
    pid: server.pid!,
    stop,
    async [Symbol.asyncDispose]() {
      expect(await stop()).toBe(0);
      await rm(folder, { recursive: true });
    },
  };
}
