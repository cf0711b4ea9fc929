/** The keys of the Worker on this machine: those of the environment, a keys file by way of the local R2. */

import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseKeys } from '../app/access/access-key.ts';
import type { AccessSettings } from '../app/access/settings.ts';
import type { LocalWorkerd } from './local-workerd.ts';

const OBJECT = 'access/keys.json';
const LOOK_MS = 1_000;

/** The Worker's own settings of access. */
export const localAccess = ({ CRIA_KEYS, CRIA_KEYS_FILE, CRIA_METRICS }: AccessSettings) => ({
  CRIA_KEYS,
  CRIA_KEYS_FILE: CRIA_KEYS_FILE === '' ? '' : OBJECT,
  CRIA_METRICS,
});

/**
 * Puts the keys file where the Worker reads it, now and whenever it changes; one that is broken is not put.
 *
 * Throws   KeysError, and what the file system throws
 */
export async function followKeysFile(
  path: string,
  workerd: Pick<LocalWorkerd, 'putWeight'>,
): Promise<AsyncDisposable> {
  if (path === '') return { [Symbol.asyncDispose]: async () => {} };

  async function put(): Promise<void> {
    const text = await readFile(path, 'utf8');
    parseKeys(text);
    await workerd.putWeight(OBJECT, text);
  }
  await put();
  const onChange = () => void put().catch((error: Error) => console.error(`${path}: ${error.message}`));
  watchFile(path, { interval: LOOK_MS, persistent: false }, onChange);
  return { [Symbol.asyncDispose]: async () => unwatchFile(path, onChange) };
}
