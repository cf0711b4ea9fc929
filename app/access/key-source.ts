import { type AccessKey, parseKeys } from './access-key.ts';
import { sha256, toHex } from './sha256.ts';

export const MAX_KEYS_BYTES = 4 << 20;

/** A text that someone may change, and a mark that is another when it has changed. */
export interface Versioned {
  readonly version: string;
  readonly text: string;
}

export interface KeySourceParts {
  /** Undefined when it is still of `version`. */
  readonly read: (version: string | undefined) => Promise<Versioned | undefined>;
  /** How long what was read is taken for what is there. */
  readonly everyMs: number;
  readonly now: () => number;
  /** Refuses what this server cannot do. Throws KeysError. */
  readonly check?: (keys: readonly AccessKey[]) => void;
  /** It cannot be read, or not understood: the keys that were read before hold on. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keys that are read again as they change, without a restart. Looked at no more often than `everyMs`, so that a key that
 * is taken away works for that long at most.
 *
 * Throws   at the first call, what `read` throws, and KeysError: without keys nobody comes in
 */
export function createKeySource({ read, everyMs, now, check, onError }: KeySourceParts) {
  let known: readonly AccessKey[] | undefined;
  let version: string | undefined;
  let readAtMs = 0;

  async function refresh(): Promise<void> {
    const found = await read(version);
    if (found === undefined) return;
    version = found.version; // a broken one is not read again and again
    const keys = parseKeys(found.text);
    check?.(keys);
    known = keys;
  }

  return async (): Promise<readonly AccessKey[]> => {
    const age = now() - readAtMs;
    if (known && age >= 0 && age < everyMs) return known; // less than 0: the clock was put back
    readAtMs = now(); // whoever comes meanwhile goes on with what is known, and waits for no one
    try {
      await refresh();
    } catch (error) {
      if (!known) {
        version = undefined;
        throw error;
      }
      onError(error);
    }
    return known!;
  };
}

/**
 * Keys that stay as they are while the server runs, from a secret: the text of a keys file, or the keys themselves with
 * commas between, of which only the hashes are kept.
 *
 * Throws   KeysError
 */
export function createFixedKeys(
  secret: string,
  check?: (keys: readonly AccessKey[]) => void,
): () => Promise<readonly AccessKey[]> {
  if (secret.trimStart().startsWith('{')) {
    const keys = parseKeys(secret);
    check?.(keys);
    return async () => keys;
  }
  const texts = secret.split(',').flatMap((key) => key.trim() || []);
  let hashed: readonly AccessKey[] | undefined; // not their promise: in workerd a request may not wait for another's
  return async () => {
    hashed ??= await Promise.all(
      texts.map(async (text, i) => ({ id: `key-${i + 1}`, sha256: toHex(await sha256(text)) })),
    );
    return hashed;
  };
}

/** The line in the log for keys that could not be read again. */
export function keysEvent(error: unknown): Record<string, string> {
  const { name, message } = error as Error;
  return { event: 'error', during: 'keys', name, message };
}
