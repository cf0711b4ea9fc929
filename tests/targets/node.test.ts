/** lambda/server.ts in a process of its own, weights on disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { buildAll } from '../../scripts/build.ts';
import { smollm2Path } from '../support/smollm2.ts';
import { contract, type Door } from './contract.ts';

contract('node', async (vars): Promise<Door> => {
  smollm2Path();
  const dist = await mkdtemp(join(tmpdir(), 'cria-node-'));
  await buildAll(dist);
  const server = spawn(process.execPath, ['lambda/server.ts'], {
    env: { ...process.env, ...vars, PORT: '0', CRIA_WEB: join(dist, 'web') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: server.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return {
    url: new URL((JSON.parse(line) as { url: string }).url),
    async [Symbol.asyncDispose]() {
      server.kill('SIGTERM');
      const [code] = await once(server, 'exit');
      expect(code).toBe(0);
      await rm(dist, { recursive: true });
    },
  };
});
