import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, constants, copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { filePath } from '../../models/cli/pull.ts';
import { buildAll } from '../../scripts/build.ts';
import type { Door } from '../targets/contract.ts';
import type { DoorOptions } from './door-options.ts';
import { makeReadOnly, makeWritable, NOBODY } from './read-only-tree.ts';
import { recitalPlugins } from './recital-door.ts';
import { smollm2Path } from './smollm2.ts';
import { startWebFunctionEndpoint } from './web-function-endpoint.ts';

export interface WebFunctionDoor extends Door {
  /** Its server, without the endpoint before it. */
  readonly server: URL;
}

/** The Web Function as it is built, its folder alone with the weights in it, read-only, behind an endpoint as Lambda has it. */
export async function openWebFunction(
  options: Pick<DoorOptions, 'vars' | 'recital' | 'onLog'> = {},
): Promise<WebFunctionDoor> {
  const { vars = {}, recital = false, onLog = () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'cria-web-function-'));
  await buildAll(join(folder, 'dist'), recitalPlugins({ model: recital, guard: false }));
  const task = join(folder, 'task');
  await cp(join(folder, 'dist/lambda/web-function'), task, { recursive: true });
  const model = filePath(join(task, 'home'), CATALOGUE[0]!, CATALOGUE[0]!.files[0]!);
  await mkdir(dirname(model), { recursive: true });
  await copyFile(smollm2Path(), model, constants.COPYFILE_FICLONE); // a link may lead where its user may not
  await makeReadOnly(task);
  const temporary = join(folder, 'tmp');
  await mkdir(temporary);
  await chmod(temporary, 0o777);
  await chmod(folder, 0o755);

  const server = spawn(process.execPath, [join(task, 'index.js')], {
    ...NOBODY,
    cwd: task,
    env: {
      AWS_LAMBDA_HTTP_ENDPOINT: '0.0.0.0:0', // Lambda names the port 3000
      AWS_LAMBDA_INITIALIZATION_TYPE: 'native-http',
      AWS_REGION: 'eu-central-1',
      LAMBDA_TASK_ROOT: task,
      TMPDIR: temporary,
      CRIA_AUTH: 'none',
      CRIA_HOME: join(task, 'home'),
      CRIA_MODEL: CATALOGUE[0]!.name,
      CRIA_REQUEST_TIMEOUT: '900',
      ...vars,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit').then(([code]) => code as number | null);
  const lines = createInterface({ input: server.stdout }).on('line', onLog);
  const first = await Promise.race([once(lines, 'line'), exited]);
  if (!Array.isArray(first)) throw new Error(`the server has ended with exit code ${first}`);
  const { port } = new URL((JSON.parse(first[0] as string) as { url: string }).url);
  const endpoint = await startWebFunctionEndpoint(Number(port));
  return {
    url: endpoint.url,
    server: new URL(`http://127.0.0.1:${port}`),
    async [Symbol.asyncDispose]() {
      server.kill('SIGTERM');
      expect(await exited).toBe(0);
      endpoint[Symbol.dispose]();
      await makeWritable(task);
      await rm(folder, { recursive: true });
    },
  };
}
