/** The keys of the Worker on this machine: those of the environment, or a keys file, which it reads again as it changes. */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseKeys } from '../app/access/access-key.ts';
import type { AccessSettings } from '../app/access/settings.ts';

export interface LocalKeys {
  /** The folder that the Worker may read it from; undefined where there is no keys file. */
  readonly keys: string | undefined;
  /** The Worker's own settings of access. */
  readonly vars: Readonly<Record<string, string>>;
}

/** Throws KeysError, and what the file system throws. */
export function localKeys(settings: AccessSettings): LocalKeys {
  const { CRIA_KEYS, CRIA_KEYS_FILE: file, CRIA_METRICS } = settings;
  if (file === '') return { keys: undefined, vars: { CRIA_KEYS, CRIA_KEYS_FILE: '', CRIA_METRICS } };
  parseKeys(readFileSync(file, 'utf8')); // a broken one is told here, before anything starts
  return { keys: dirname(resolve(file)), vars: { CRIA_KEYS, CRIA_KEYS_FILE: basename(file), CRIA_METRICS } };
}
