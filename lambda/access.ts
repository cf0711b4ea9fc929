import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { type Access, createAccess } from '../app/access/access.ts';
import { type AccessKey, parseKeys } from '../app/access/access-key.ts';
import { KeysError } from '../app/access/errors.ts';
import {
  createFixedKeys,
  createKeySource,
  keysEvent,
  MAX_KEYS_BYTES,
  type Versioned,
} from '../app/access/key-source.ts';
import type { AccessSettings } from '../app/access/settings.ts';

type Log = (event: Record<string, string | number>) => void;

const EVERY_MS = 1_000; // a look at the file takes microseconds

/**
 * Who may come in; undefined lets everyone. The keys file is read again when it changes.
 *
 * `check` refuses what this server cannot do.
 *
 * Throws   Error that names the setting or the file, when the keys cannot be had now
 */
export function openAccess(
  { CRIA_KEYS: secret, CRIA_KEYS_FILE: path }: AccessSettings,
  log: Log,
  check: (keys: readonly AccessKey[]) => void = () => {},
): Access | undefined {
  if (path === '' && secret === '') return undefined;
  try {
    const keys = path === '' ? createFixedKeys(secret, check) : keysOf(path, log, check);
    return createAccess({ keys, now: Date.now });
  } catch (error) {
    throw new Error(`${path || 'CRIA_KEYS'}: ${(error as Error).message}`);
  }
}

function keysOf(path: string, log: Log, check: (keys: readonly AccessKey[]) => void) {
  check(parseKeys(readFileSync(path, 'utf8'))); // what is wrong with it is wrong when it starts
  return createKeySource({
    read: (version) => readKeysFile(path, version),
    everyMs: EVERY_MS,
    now: Date.now,
    check,
    onError: (error) => log(keysEvent(error)),
  });
}

/** A file that took another's place has another inode; one that was written anew, another time or size. */
async function readKeysFile(path: string, version: string | undefined): Promise<Versioned | undefined> {
  const { ino, mtimeMs, size } = await stat(path);
  const found = `${ino}-${mtimeMs}-${size}`;
  if (found === version) return undefined;
  if (size > MAX_KEYS_BYTES) throw new KeysError(`it is larger than ${MAX_KEYS_BYTES} bytes`);
  return { version: found, text: await readFile(path, 'utf8') };
}
