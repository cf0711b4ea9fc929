import { recordsOf } from '../../planner/records.ts';
import type { Zone } from '../../planner/zone.ts';
import type { RunDeps } from '../../run.ts';
import type { Change, WriteResult } from '../../storage/storage.ts';
import { changesOf, keepWaiting, type Waiting } from './confirmations.ts';
import { EVENT_TOOLS } from './event-tools.ts';
import type { ModelCall } from './read-turn.ts';
import { TODO_TOOLS } from './todo-tools.ts';
import { type Deed, type Desk, type Plan, refuse } from './tool.ts';

export const TOOLS = [...TODO_TOOLS, ...EVENT_TOOLS];
const BY_NAME = new Map(TOOLS.map((tool) => [tool.name, tool]));

/** What became of a call: the model, and the user, read `result`. */
export interface Outcome {
  readonly ok: boolean;
  readonly result: unknown;
}

export type CarriedOut =
  | ({ readonly type: 'done' } & Outcome)
  | { readonly type: 'asked'; readonly calls: readonly Waiting[] };

const CHANGED = 'it was changed or deleted meanwhile, nothing was done';
const NOT_WRITTEN: Readonly<Record<Exclude<WriteResult, 'written'>, string>> = {
  full: 'the storage of this server is full, nothing was changed',
  too_large: 'this is too large to be stored',
  exists: CHANGED,
  missing: CHANGED,
  conflict: CHANGED,
};

type Deps = Pick<RunDeps, 'storage' | 'now' | 'newId'>;

/** The arguments of a call, unless they are no object of JSON. */
export function readArguments(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json === '' ? '{}' : json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Does what a model calls for, or keeps it until the user agrees. */
export async function carryOut(
  call: ModelCall,
  { storage, now, newId }: Deps,
  { owner, zone }: { readonly owner: string; readonly zone: Zone },
): Promise<CarriedOut> {
  const [todos, events] = [await recordsOf(storage, 'todo', owner), await recordsOf(storage, 'event', owner)];
  const nowMs = now();
  const plan = planOf(call, { owner, zone, todos, events, nowMs, newId });
  if (plan.type === 'refuse') return { type: 'done', ok: false, result: plan.problem };
  if (plan.type === 'do') return { type: 'done', ...(await perform(storage, plan.changes, plan)) };

  const calls = plan.proposals.map((one) => ({ ...one, id: `call_${newId()}`, name: call.name }));
  const { ok, result } = await perform(
    storage,
    calls.map((one) => keepWaiting(owner, one, nowMs)),
    plan.proposals[0]!,
  );
  return ok ? { type: 'asked', calls } : { type: 'done', ok, result };
}

/** Does what the user has agreed to. */
export const carryOutConfirmed = (waiting: Waiting, { storage }: Deps, owner: string): Promise<Outcome> =>
  perform(storage, changesOf(owner, waiting), waiting);

function planOf({ name, arguments: json }: ModelCall, desk: Desk): Plan {
  const tool = BY_NAME.get(name);
  const args = readArguments(json);
  if (tool === undefined)
    return refuse(`there is no tool '${name}'; there is ${[...BY_NAME.keys()].join(', ')}`);
  return args === undefined ? refuse('the arguments are no JSON object') : tool.plan(args, desk);
}

async function perform(
  storage: Deps['storage'],
  changes: readonly Change[],
  { result }: Deed,
): Promise<Outcome> {
  const written = changes.length === 0 ? 'written' : await storage.write(changes);
  return written === 'written' ? { ok: true, result } : { ok: false, result: NOT_WRITTEN[written] };
}
