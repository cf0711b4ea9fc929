import type { Fetcher, R2Bucket } from '@cloudflare/workers-types';
import { type Access, createAccess } from '../app/access/access.ts';
import { KeysError } from '../app/access/errors.ts';
import {
  createFixedKeys,
  createKeySource,
  keysEvent,
  MAX_KEYS_BYTES,
  type Versioned,
} from '../app/access/key-source.ts';
import type { Env } from './env.ts';

const BUCKET_MS = 10_000; // of each isolate; each look is a request to R2
const FOLDER_MS = 1_000;

/**
 * Who may come in; undefined lets everyone. The keys file is an object in R2, or where workerd stands alone a file of a
 * folder, and is read again when it changes: whoever replaces it changes the keys of running isolates, which keep their models.
 *
 * Throws   KeysError
 */
export function accessOf(
  env: Env,
  log: (event: Record<string, string | number>) => void,
): Access | undefined {
  const { CRIA_KEYS: secret, CRIA_KEYS_FILE: name, KEYS_FOLDER: folder } = env;
  if (name === '' && secret === '') return undefined;
  const read = (version: string | undefined) =>
    folder ? readFile(folder, name, version) : readObject(env.WEIGHTS!, name, version);
  const keys =
    name === ''
      ? createFixedKeys(secret)
      : createKeySource({
          read,
          everyMs: folder ? FOLDER_MS : BUCKET_MS,
          now: Date.now,
          onError: (error) => log(keysEvent(error)),
        });
  return createAccess({ keys, now: Date.now });
}

async function readObject(
  bucket: R2Bucket,
  name: string,
  version: string | undefined,
): Promise<Versioned | undefined> {
  const object = await bucket.get(
    name,
    version === undefined ? {} : { onlyIf: { etagDoesNotMatch: version } },
  );
  if (object === null) throw new KeysError(`there is no object ${name} in R2`);
  if (!('body' in object)) return undefined;
  if (object.size > MAX_KEYS_BYTES) throw new KeysError(`it is larger than ${MAX_KEYS_BYTES} bytes`);
  return { version: object.etag, text: await object.text() };
}

/** It is small, and changes within a second have the same time: its text is its own version. */
async function readFile(
  folder: Fetcher,
  name: string,
  version: string | undefined,
): Promise<Versioned | undefined> {
  const reply = await folder.fetch(`http://folder/${encodeURIComponent(name)}`);
  if (!reply.ok) throw new KeysError(`the keys file ${name} cannot be read: HTTP ${reply.status}`);
  if (Number(reply.headers.get('content-length')) > MAX_KEYS_BYTES) {
    await reply.body?.cancel();
    throw new KeysError(`it is larger than ${MAX_KEYS_BYTES} bytes`);
  }
  const text = await reply.text();
  return text === version ? undefined : { version: text, text };
}
