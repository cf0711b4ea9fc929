import { homedir } from 'node:os';
import { join } from 'node:path';

/** The environment variables that say where files live. */
export interface HomeVariables {
  readonly CRIA_HOME?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
}

/** The folder for weights and local state: $CRIA_HOME, or `cria` in the platform's cache folder. */
export function criaHome(variables: HomeVariables, platform: NodeJS.Platform = process.platform): string {
  if (variables.CRIA_HOME) return variables.CRIA_HOME;
  if (variables.XDG_CACHE_HOME) return join(variables.XDG_CACHE_HOME, 'cria');
  return platform === 'darwin'
    ? join(homedir(), 'Library', 'Caches', 'cria')
    : join(homedir(), '.cache', 'cria');
}
