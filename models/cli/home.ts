/** Where things are on this machine. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../manifest.ts';
import { PACKED_FOLDER, PACKED_MANIFEST } from '../packed/manifest.ts';

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

/** Where all models are. */
export function modelsFolder(home: string): string {
  return join(home, 'models');
}

/** Where a model's files are. */
export function modelFolder(home: string, { name }: Manifest): string {
  return join(modelsFolder(home), name);
}

/** Where `cria pack` keeps a model's packed form. */
export function packedFolder(home: string, manifest: Manifest): string {
  return join(modelFolder(home, manifest), PACKED_FOLDER);
}

/** Whether it has been packed: the manifest is written last. */
export function isPacked(home: string, manifest: Manifest): boolean {
  return existsSync(join(packedFolder(home, manifest), PACKED_MANIFEST));
}
