import type { Context } from 'hono';
import { NotFoundError, PlannerFullError } from '../errors.ts';
import type { AppEnv } from '../run.ts';
import type { PlannerEvent, Todo } from '../schemas/planner.ts';
import type { Change, Key, Storage } from '../storage/storage.ts';

/** To-dos, and events, that one owner may have. */
export const MAX_KEPT = 1000;

type Kind = 'todo' | 'event';
export type RecordOf<K extends Kind> = K extends 'todo' ? Todo : PlannerEvent;

/** A record as it was read. */
export interface Kept<T> {
  readonly record: T;
  readonly version: number;
}

/** Whose to-dos and events a request is about: its key's. Without keys there is one owner, everybody. */
export function ownerOf(c: Context<AppEnv>): string {
  const { key } = c.var.access;
  return key === undefined ? 'anonymous' : `key:${encodeURIComponent(key.id)}`;
}

/** The owner is in the key, so that nobody finds what is another's; it has no slash. */
export const plannerKey = <K extends Kind | 'confirmation'>(kind: K, owner: string, id: string) =>
  ({ kind, id: `${owner}/${id}` }) as const satisfies Key;

/** All of an owner's, in the order they were put. */
export async function recordsOf<K extends Kind>(
  storage: Storage,
  kind: K,
  owner: string,
): Promise<Kept<RecordOf<K>>[]> {
  const page = await storage.list(kind, { scope: owner, limit: MAX_KEPT, order: 'asc' });
  return page!.records.map(({ value, version }) => ({ record: JSON.parse(value) as RecordOf<K>, version }));
}

/** Throws NotFoundError. */
export async function findRecord<K extends Kind>(
  storage: Storage,
  kind: K,
  owner: string,
  id: string,
): Promise<Kept<RecordOf<K>>> {
  const found = await storage.get(plannerKey(kind, owner, id));
  if (found === undefined) throw new NotFoundError(NAMES[kind], id);
  return { record: JSON.parse(found.value) as RecordOf<K>, version: found.version };
}
const NAMES = { todo: 'to-do', event: 'event' } as const;

/** Throws PlannerFullError when the owner has as many as there may be. */
export function assertRoom(kind: Kind, kept: number): void {
  if (kept >= MAX_KEPT) throw new PlannerFullError(`${NAMES[kind]}s`, MAX_KEPT);
}

export const putRecord = (owner: string, record: Todo | PlannerEvent): Change => ({
  type: 'put',
  ...plannerKey(record.object, owner, record.id),
  scope: owner,
  value: JSON.stringify(record),
});

/** Only while it is still as it was read. */
export const replaceRecord = (owner: string, record: Todo | PlannerEvent, version: number): Change => ({
  type: 'replace',
  ...plannerKey(record.object, owner, record.id),
  version,
  value: JSON.stringify(record),
});

/** Only while it is still as it was read: a replacement of the same looks at its version first. */
export const deleteRecord = (owner: string, { record, version }: Kept<Todo | PlannerEvent>): Change[] => [
  replaceRecord(owner, record, version),
  { type: 'delete', ...plannerKey(record.object, owner, record.id) },
];
