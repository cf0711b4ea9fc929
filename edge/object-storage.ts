import type { Storage } from '../app/storage/storage.ts';
import type { StorageBinding } from './env.ts';

/** The one object all isolates share, to be found anew at each call: workerd lets no request use what another has opened. */
export const storageObject = (binding: StorageBinding) => binding.get(binding.idFromName('storage'));

/** What that object keeps. */
export function objectStorage(binding: StorageBinding): Storage {
  const object = () => storageObject(binding);
  return {
    get: (key) => object().get(key),
    list: (kind, options) => object().list(kind, options),
    read: (key, from) => object().read(key, from),
    write: (changes) => object().write(changes),
  };
}
