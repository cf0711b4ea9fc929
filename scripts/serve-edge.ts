/**
 * The Worker in workerd as a server: for a container, a systemd unit and `cria up`. It builds and fetches nothing, which
 * `npm start` does, and workerd takes its place in this very process.
 *
 *     node scripts/serve-edge.ts [dist]
 *
 * Settings are wrangler.toml's [vars], from the environment, and HOST, PORT, CRIA_HOME (weights) and CRIA_STATE (what its
 * Durable Objects keep; one folder a server). `dist` is what `npm run build` wrote.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { accessFields, checkHost } from '../app/access/settings.ts';
import { integer, readSettings } from '../app/settings.ts';
import { findModel } from '../models/catalogue.ts';
import { criaHome, isPacked, modelsFolder } from '../models/cli/home.ts';
import { filePath } from '../models/cli/pull.ts';
import { localKeys } from './local-keys.ts';
import { builtVars, DIST, WORKERD, workerdArguments } from './workerd-command.ts';

const Env = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: integer(0, 65_535, 8787),
    CRIA_STATE: z.string().min(1).optional(), // `workerd` in CRIA_HOME when absent
    ...accessFields,
  })
  .superRefine(checkHost);

try {
  become(process.argv[2] ?? DIST);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

/** Ends in workerd. Throws Error, SettingsError, CatalogueError. */
function become(dist: string): never {
  const env = readSettings(Env, process.env);
  const { HOST: host, PORT: port, CRIA_STATE: state } = env;
  const { keys, vars: access } = localKeys(env);
  const vars = { ...builtVars(dist, process.env), ...access };
  const home = criaHome(process.env);
  for (const name of [vars.CRIA_MODEL!, vars.CRIA_GUARD!].filter((one) => one !== '')) assertHere(home, name);
  const objects = join(state ?? join(home, 'workerd'), 'do');
  mkdirSync(objects, { recursive: true });

  const args = workerdArguments({ dist, host, port, weights: modelsFolder(home), keys, objects });
  console.log(JSON.stringify({ event: 'starting', model: vars.CRIA_MODEL, host, port }));
  return process.execve!(WORKERD, [WORKERD, ...args], { ...process.env, ...vars, TZ: 'UTC' });
}

/** Throws Error where no file of the model is. */
function assertHere(home: string, name: string): void {
  const manifest = findModel(name);
  const path = filePath(home, manifest, manifest.files[0]!);
  if (!existsSync(path) && !isPacked(home, manifest))
    throw new Error(`${path} is missing: run 'npm run pull -- ${manifest.name}'`);
}
