import { NotFoundError } from '../../errors.ts';
import { plannerKey } from '../../planner/records.ts';
import type { Change, Storage } from '../../storage/storage.ts';
import type { Proposal } from './tool.ts';

const LIVES_MS = 60 * 60 * 1000;

/** A call that waits for the user's word, as it is kept: what it would do is fixed when it is asked. */
export interface Waiting extends Proposal {
  readonly id: string;
  readonly name: string;
}

/** Keeps a call that nobody can make, or change, without knowing its id. */
export const keepWaiting = (owner: string, call: Waiting, nowMs: number): Change => ({
  type: 'put',
  ...plannerKey('confirmation', owner, call.id),
  value: JSON.stringify(call),
  expiresAtMs: nowMs + LIVES_MS,
});

/**
 * The calls of these ids, which the owner was asked about.
 *
 * Throws   NotFoundError for one that was never asked, was made already, or has expired
 */
export async function findWaiting(
  storage: Storage,
  owner: string,
  ids: readonly string[],
): Promise<Waiting[]> {
  const found: Waiting[] = [];
  for (const id of new Set(ids)) {
    const record = await storage.get(plannerKey('confirmation', owner, id));
    if (record === undefined) throw new NotFoundError('call that waits for confirmation', id, 'confirm');
    found.push(JSON.parse(record.value) as Waiting);
  }
  return found;
}

/** What the call does, once: it waits no longer. */
export const changesOf = (owner: string, { id, changes }: Waiting): Change[] => [
  { type: 'delete', ...plannerKey('confirmation', owner, id) },
  ...changes,
];
