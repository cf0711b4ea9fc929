import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CATALOGUE, findModel } from '../../models/catalogue.ts';
import { modelsFolder } from '../../models/cli/home.ts';
import { buildAll } from '../../scripts/build.ts';
import type { Door } from '../targets/contract.ts';
import type { DoorOptions } from './door-options.ts';
import { startLambdaService } from './lambda-service.ts';
import { linkModel } from './link-model.ts';
import { recitalPlugins } from './recital-door.ts';
import { smollm2Path } from './smollm2.ts';

export interface LambdaOptions extends Omit<DoorOptions, 'storage'> {
  /** Of an invocation. */
  readonly timeoutMs?: number;
}

/** The Lambda function as it is built, its folder alone, in a process of its own behind a Function URL. */
export async function openLambda(options: LambdaOptions = {}): Promise<Door> {
  const {
    vars = {},
    model = smollm2Path(),
    recital = false,
    onLog = () => {},
    timeoutMs = 900_000,
  } = options;
  const folder = await mkdtemp(join(tmpdir(), 'cria-lambda-'));
  await buildAll(
    join(folder, 'dist'),
    recitalPlugins({ model: recital, guard: options.recitalGuard ?? false }),
  );
  const task = join(folder, 'task');
  await cp(join(folder, 'dist/lambda/function'), task, { recursive: true });
  const models = modelsFolder(folder);
  await linkModel(models, CATALOGUE[0]!, model);
  if (options.guard) await linkModel(models, findModel(options.guard.name), options.guard.path);

  const service = await startLambdaService(timeoutMs);
  const runtime = spawn(process.execPath, [join(import.meta.dirname, 'lambda-runtime.ts')], {
    env: {
      AWS_LAMBDA_RUNTIME_API: service.url.host,
      LAMBDA_TASK_ROOT: task,
      CRIA_AUTH: 'none',
      CRIA_HOME: folder,
      CRIA_MODEL: CATALOGUE[0]!.name,
      CRIA_STORAGE_FILE: join(folder, 'storage.sqlite'),
      ...vars,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: runtime.stdout }).on('line', onLog);
  runtime.once('exit', () => service[Symbol.dispose]()); // nobody would be answered
  return {
    url: service.url,
    async [Symbol.asyncDispose]() {
      runtime.kill('SIGKILL'); // as Lambda does
      await once(runtime, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}
