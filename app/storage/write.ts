import { ConflictError, ObjectTooLargeError, StorageFullError } from '../errors.ts';
import { type Change, MAX_VALUE_BYTES, type Storage, type WriteResult } from './storage.ts';

/**
 * Writes, or says why not in the client's words.
 *
 * Throws   StorageFullError · ObjectTooLargeError · ConflictError when what was there is gone or has changed
 */
export async function write(storage: Storage, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return; // what keeps nothing needs no storage
  const result = await storage.write(changes);
  if (result !== 'written') throw toWriteError(result);
}

/** Why a write was not done, in the client's words. */
export function toWriteError(result: Exclude<WriteResult, 'written'>): Error {
  if (result === 'full') return new StorageFullError();
  if (result === 'too_large') return new ObjectTooLargeError(MAX_VALUE_BYTES);
  return new ConflictError('it was changed or deleted at the same time; try again');
}
