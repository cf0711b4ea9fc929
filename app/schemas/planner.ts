import * as z from 'zod';
import { listOf, order, pageFields } from './lists.ts';

const MAX_TITLE = 200;
const MAX_LOCATION = 200;

/** One line: what is listed to a model, or written into a calendar, may not go on in lines of its own. */
const line = (most: number) =>
  z
    .string()
    .max(most, { error: `is longer than ${most} characters` })
    .regex(/^\P{Cc}*$/u, { error: 'must be one line, without control characters' })
    .refine((text) => text.trim() !== '', { error: 'says nothing' });
export const title = line(MAX_TITLE);
export const location = line(MAX_LOCATION);

export const timeZone = z.string().max(64).refine(isTimeZone, { error: 'is not a time zone of IANA’s' });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A moment, kept in UTC, to the second. */
const instant = z.iso.datetime({ offset: true, error: 'must be a moment such as 2026-11-26T14:00:00Z' });
const day = z.iso.date();
const due = z
  .union([day, instant], {
    error: 'must be a day such as 2026-11-26, or a moment such as 2026-11-26T14:00:00Z',
  })
  .describe('A day, or a moment.');

export const Todo = z.object({
  id: z.string(),
  object: z.literal('todo'),
  title: z.string(),
  due: z.string().optional().describe('A day, or a moment in UTC.'),
  done: z.boolean(),
  created_at: z.int().describe('Unix seconds.'),
});
export type Todo = z.infer<typeof Todo>;

/** POST /v1/tasks/todos. */
export const TodoRequest = z.strictObject({ title, due: due.nullish(), done: z.boolean().nullish() });
/** POST /v1/tasks/todos/{id}: what is absent stays. */
export const TodoUpdate = z.strictObject({
  title: title.optional(),
  due: due.nullish().describe('Null takes it away.'),
  done: z.boolean().optional(),
});

export const PlannerEvent = z.object({
  id: z.string(),
  object: z.literal('event'),
  title: z.string(),
  start: z.string().describe('In UTC.'),
  end: z.string().describe('In UTC.'),
  location: z.string().optional(),
  created_at: z.int().describe('Unix seconds.'),
});
export type PlannerEvent = z.infer<typeof PlannerEvent>;

/** POST /v1/tasks/events. */
export const EventRequest = z.strictObject({
  title,
  start: instant,
  end: instant,
  location: location.nullish(),
});
/** POST /v1/tasks/events/{id}: what is absent stays. */
export const EventUpdate = z.strictObject({
  title: title.optional(),
  start: instant.optional(),
  end: instant.optional(),
  location: location.nullish().describe('Null takes it away.'),
});

export const PlannerQuery = z.strictObject({ ...pageFields(100, 1000), order });
export const TodoList = listOf(Todo);
export const EventList = listOf(PlannerEvent);

const deleted = <const T extends string>(object: T) =>
  z.object({ id: z.string(), object: z.literal(object), deleted: z.literal(true) });
export const TodoDeleted = deleted('todo.deleted');
export const EventDeleted = deleted('event.deleted');
