import { NotFoundError } from '../errors.ts';
import type { Batch } from '../schemas/batches.ts';
import type { Change, Storage } from '../storage/storage.ts';
import { toWriteError } from '../storage/write.ts';
import type { LinePlace } from './read-lines.ts';

/** A batch as it is kept: what the client sees, and how far it is. */
export interface StoredBatch {
  readonly batch: Batch;
  /** The last line before which all are done. */
  readonly done: LinePlace;
  /** The lines after it that are done, too. */
  readonly doneAhead: readonly number[];
  /** Their ids are those of the files to be. */
  readonly output: { readonly id: string; readonly bytes: number };
  readonly errors: { readonly id: string; readonly bytes: number };
  /** How long these files live, in seconds; for good when absent. */
  readonly filesLive?: number;
  /** The id of the key it was left with: its requests may do what that key may. */
  readonly caller?: string;
}

export const batchKey = (id: string) => ({ kind: 'batch', id }) as const;

/** There while a batch is not at its end: what to look for after a restart. */
export const openKey = (id: string) => ({ kind: 'open_batch', id }) as const;

/** Throws NotFoundError. */
export async function findBatch(storage: Storage, id: string): Promise<StoredBatch> {
  return (await load(storage, id)).stored;
}

async function load(storage: Storage, id: string): Promise<{ stored: StoredBatch; version: number }> {
  const record = await storage.get(batchKey(id));
  if (record === undefined) throw new NotFoundError('batch', id);
  return { stored: JSON.parse(record.value) as StoredBatch, version: record.version };
}

export interface Update {
  readonly stored: StoredBatch;
  /** To be done with it or not at all. */
  readonly changes?: readonly Change[];
  readonly expiresAtMs?: number;
}

/**
 * Changes a batch from what it is now, whoever else changes it: `change` may be asked more than once.
 *
 * Throws   NotFoundError · StorageFullError · ObjectTooLargeError
 */
export async function updateBatch(
  storage: Storage,
  id: string,
  change: (stored: StoredBatch) => Update,
): Promise<StoredBatch> {
  for (;;) {
    const { stored: before, version } = await load(storage, id);
    const { stored, changes = [], expiresAtMs } = change(before);
    if (stored === before) return stored;
    const result = await storage.write([
      {
        type: 'replace',
        ...batchKey(id),
        version,
        value: JSON.stringify(stored),
        ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      },
      ...changes,
    ]);
    if (result === 'written') return stored;
    if (result !== 'conflict') throw toWriteError(result);
  }
}
