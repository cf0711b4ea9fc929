import { StorageUnavailableError } from '../errors.ts';
import type { Storage } from './storage.ts';

/**
 * The same storage, for the routes: a client of one that is broken, or out of reach, is told to come again, and the log
 * why. Nothing is remembered: the next request tries anew.
 */
export function reachableStorage(storage: Storage, log: (event: Record<string, string>) => void): Storage {
  const call = async <T>(during: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const { name, message } = error as Error;
      log({ event: 'error', during: `storage ${during}`, name, message });
      throw new StorageUnavailableError();
    }
  };
  return {
    get: (key) => call('get', () => storage.get(key)),
    list: (kind, options) => call('list', () => storage.list(kind, options)),
    read: (key, from) => call('read', () => storage.read(key, from)),
    write: (changes) => call('write', () => storage.write(changes)),
  };
}
