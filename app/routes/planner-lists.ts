import { NotFoundError } from '../errors.ts';
import { plannerKey, type RecordOf } from '../planner/records.ts';
import type { RunDeps } from '../run.ts';
import { toList } from '../schemas/lists.ts';

interface Query {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

/** A page of an owner's to-dos or events. Throws NotFoundError when `after` is none of them. */
export async function listRecords<K extends 'todo' | 'event'>(
  { storage }: Pick<RunDeps, 'storage'>,
  kind: K,
  owner: string,
  { after, limit, order }: Query,
) {
  const page = await storage.list(kind, {
    scope: owner,
    after: after === undefined ? undefined : plannerKey(kind, owner, after).id,
    limit,
    order,
  });
  if (page === undefined) throw new NotFoundError(kind, after!, 'after');
  return toList(
    page.records.map(({ value }) => JSON.parse(value) as RecordOf<K>),
    page.hasMore,
  );
}
