import * as z from 'zod';
import type { CompletionRequest } from '../../../engine/engine.ts';
import type { Kept } from '../../planner/records.ts';
import type { Zone } from '../../planner/zone.ts';
import type { PlannerEvent, Todo } from '../../schemas/planner.ts';
import type { Change } from '../../storage/storage.ts';

/** All that a tool may look at. */
export interface Desk {
  readonly owner: string;
  readonly todos: readonly Kept<Todo>[];
  readonly events: readonly Kept<PlannerEvent>[];
  readonly zone: Zone;
  readonly nowMs: number;
  readonly newId: () => string;
}

/** What would be done, and what to say of it when it is. */
export interface Deed {
  readonly changes: readonly Change[];
  readonly result: Readonly<Record<string, unknown>>;
}

/** A deed for the user to agree to. `arguments` mean this one and no other. */
export interface Proposal extends Deed {
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly question: string;
}

export type Plan =
  | ({ readonly type: 'do' } & Deed)
  /** It cannot be undone, or might mean any of these: nothing is done before the user says so. */
  | { readonly type: 'ask'; readonly proposals: readonly Proposal[] }
  | { readonly type: 'refuse'; readonly problem: string };

/** A tool: it looks, and says what should be changed. Only its caller changes anything. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: z.ZodType;
  readonly plan: (args: unknown, desk: Desk) => Plan;
}

/** Throws nothing: arguments that are wrong are a refusal, for the model to read. */
export function defineTool<S extends z.ZodType>(tool: {
  readonly name: string;
  readonly description: string;
  readonly parameters: S;
  readonly plan: (args: z.infer<S>, desk: Desk) => Plan;
}): Tool {
  return {
    ...tool,
    plan(args, desk) {
      const { data, error } = tool.parameters.safeParse(args);
      if (error === undefined) return tool.plan(data as z.infer<S>, desk);
      const [{ path, message }] = error.issues as [z.core.$ZodIssue];
      return refuse(`${path.join('.') || 'the arguments'}: ${message}`);
    },
  };
}

export const refuse = (problem: string): Plan => ({ type: 'refuse', problem });

/** A tool in the engine's words. Its arguments are held to its parameters. */
export function toEngineTool({
  name,
  description,
  parameters,
}: Tool): NonNullable<CompletionRequest['tools']>[number] {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: 'input' });
  return { name, description, parameters: schema, strict: true };
}

// Short, since the model reads them, several times over. Whether there is such a day is seen when it is looked for.
const DAY = '20\\d\\d-[01]\\d-[0-3]\\d';
const MINUTE = '[0-2]\\d:[0-5]\\d';
export const localTime = z
  .string()
  .regex(new RegExp(`^${DAY}T${MINUTE}$`), 'must be such as 2026-11-26T15:00');
export const localDue = z
  .string()
  .regex(new RegExp(`^${DAY}(T${MINUTE})?$`), 'must be such as 2026-11-26 or 2026-11-26T15:00');
export const words = z.string().min(1).max(200);

/** Text of the model's as one line, as titles are; empty when nothing is left. */
export const toLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ').trim();

/**
 * The records that are meant: the one of this id, else those of this title, else those whose title has all the words.
 * Letters are compared without their case.
 */
export function matching<T extends { readonly id: string; readonly title: string }>(
  kept: readonly Kept<T>[],
  wanted: string,
): Kept<T>[] {
  const byId = kept.find(({ record }) => record.id === wanted);
  if (byId) return [byId];
  const lower = toLine(wanted).toLowerCase();
  const same = kept.filter(({ record }) => record.title.toLowerCase() === lower);
  if (same.length > 0) return same;
  const all = lower.split(/\s+/);
  return kept.filter(({ record }) => all.every((word) => record.title.toLowerCase().includes(word)));
}

const MAX_CHOICES = 5;

interface Choosing<T> {
  /** As the model named it. */
  readonly wanted: string;
  readonly what: string; // 'to-do'
  readonly found: readonly Kept<T>[];
  /** What it would be with each. `isDangerous`: to be asked even when it is the only one. */
  readonly propose: (kept: Kept<T>) => (Proposal & { readonly isDangerous: boolean }) | string;
}

/** What to do with what was found: nothing, all that is safe and clear, or to ask. */
export function choose<T extends { readonly title: string }>({
  wanted,
  what,
  found,
  propose,
}: Choosing<T>): Plan {
  if (found.length === 0) return refuse(`there is no ${what} that matches ${JSON.stringify(wanted)}`);
  if (found.length > MAX_CHOICES) {
    const some = found.slice(0, MAX_CHOICES).map(({ record }) => JSON.stringify(record.title));
    return refuse(`${found.length} ${what}s match, such as ${some.join(', ')}: ask the user which is meant`);
  }
  const proposals = found.map(propose);
  const possible = proposals.filter((one) => typeof one !== 'string');
  if (possible.length === 0) return refuse(proposals[0] as string);
  const [first] = possible;
  if (possible.length === 1 && !first!.isDangerous)
    return { type: 'do', changes: first!.changes, result: first!.result };
  return { type: 'ask', proposals: possible.map(({ isDangerous: _, ...proposal }) => proposal) };
}
