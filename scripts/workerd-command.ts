import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { judgeHasGuard, judgeNeedsGuard } from '../app/safety-settings.ts';
import { readSettings } from '../app/settings.ts';
import { Vars } from '../edge/env.ts';

/** What `npm run build` writes, unless it is told another folder. */
export const DIST = join(import.meta.dirname, '../dist');

/** Where a Worker runs on this machine. */
export interface WorkerdPlace {
  readonly dist: string; // what buildAll() wrote
  readonly host: string;
  readonly port: number; // 0 takes a free one
  /** Its models: `<model>/<file>`, or `<model>/packed/`. */
  readonly weights: string;
  /** The folder of the keys file, where there is one. */
  readonly keys: string | undefined;
  /** Where Durable Objects keep their databases: a folder that exists. */
  readonly objects: string;
}

/** The program, where npm has put it. */
export const { default: WORKERD } = createRequire(import.meta.url)('workerd') as { readonly default: string };

/** What workerd is told, for the config that was built. Settings are in its environment. */
export function workerdArguments({ dist, host, port, weights, keys, objects }: WorkerdPlace): string[] {
  const page = join(dist, 'web');
  const folders = { weights, page, keys: keys ?? page, state: objects }; // each must be some folder
  return [
    'serve',
    join(dist, 'edge/workerd.capnp'),
    `--socket-addr=http=${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...Object.entries(folders).map(([name, path]) => `--directory-path=${name}=${path}`),
  ];
}

/**
 * wrangler.toml's [vars] as they were built in, in whose place the environment may set others. Checked here, where somebody
 * reads it: the Worker would say so at its first request.
 *
 * Throws   SettingsError
 */
export function builtVars(dist: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const built = JSON.parse(readFileSync(join(dist, 'edge', VARS), 'utf8')) as Record<string, string>;
  const vars = Object.fromEntries(
    Object.entries(built).map(([name, value]) => [name, environment[name] ?? value]),
  );
  readSettings(Vars.refine(judgeHasGuard, judgeNeedsGuard), vars);
  return vars;
}

/** Beside the Worker. */
export const VARS = 'vars.json';
