import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { CATALOGUE, findModel } from '../../models/catalogue.ts';
import { filePath } from '../../models/cli/pull.ts';
import type { Manifest } from '../../models/manifest.ts';
import { buildAll } from '../../scripts/build.ts';
import type { Door } from '../targets/contract.ts';
import type { DoorOptions } from './door-options.ts';
import { recitalPlugins } from './recital-door.ts';
import { smollm2Path } from './smollm2.ts';

export interface NodeDoor extends Door {
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
  await linkModel(folder, CATALOGUE[0]!, model);
  if (options.guard) await linkModel(folder, findModel(options.guard.name), options.guard.path);

  const server = spawn(process.execPath, [join(dist, 'lambda/server.mjs')], {
    env: {
      ...process.env,
      ...vars,
      PORT: '0',
      CRIA_HOME: folder,
      CRIA_STORAGE_FILE: join(storage, 'storage.sqlite'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: server.stdout }).on('line', onLog);
  const exited = once(server, 'exit').then(([code]) => code as number | null);
  async function stop(): Promise<number | null> {
    server.kill('SIGTERM');
    return exited;
  }
  const [line] = (await once(lines, 'line')) as [string];
  return {
    url: new URL((JSON.parse(line) as { url: string }).url),
    stop,
    async [Symbol.asyncDispose]() {
      expect(await stop()).toBe(0);
      await rm(folder, { recursive: true });
    },
  };
}

/** The file as the model of that name in a CRIA_HOME. */
export async function linkModel(home: string, manifest: Manifest, path: string): Promise<void> {
  const link = filePath(home, manifest, manifest.files[0]!);
  await mkdir(dirname(link), { recursive: true });
  await symlink(path, link);
}
