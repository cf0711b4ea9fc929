import * as z from 'zod';
import { deleteRecord, type Kept, MAX_KEPT, putRecord, replaceRecord } from '../../planner/records.ts';
import { DAY_MS, toUtc } from '../../planner/zone.ts';
import type { PlannerEvent } from '../../schemas/planner.ts';
import { freeTimes } from './free-times.ts';
import {
  choose,
  type Desk,
  defineTool,
  localTime,
  matching,
  type Proposal,
  refuse,
  toLine,
  words,
} from './tool.ts';

const MAX_SHOWN = 50;
const MAX_FREE = 10;
const MAX_DAYS = 62;
const HOUR_MS = 60 * 60 * 1000;
const NO_SUCH_TIME = 'start, end: there is no such day';

const event = words.describe('The title of an event, or words of it.');
const start = localTime.describe('A local time, 2026-11-26T15:00.');
const end = start.optional();

const addEvent = defineTool({
  name: 'add_event',
  description: 'Adds an event to the calendar. Without an end it takes an hour.',
  parameters: z.strictObject({ title: words, start, end, location: words.optional() }),
  plan({ title, start, end, location }, desk) {
    const span = toSpan(start, end, HOUR_MS, desk);
    if (typeof span === 'string') return refuse(span);
    const line = toLine(title);
    if (line === '') return refuse('title: says nothing');
    if (desk.events.length >= MAX_KEPT)
      return refuse(`there are ${MAX_KEPT} events, and there may be no more`);
    const place = toLine(location ?? '');
    const added: PlannerEvent = {
      id: `event_${desk.newId()}`,
      object: 'event',
      title: line,
      start: toUtc(span.startMs),
      end: toUtc(span.endMs),
      ...(place !== '' && { location: place }),
      created_at: Math.floor(desk.nowMs / 1000),
    };
    const deed = { changes: [putRecord(desk.owner, added)], result: { added: toView(added, desk) } };
    const busy = desk.events.filter(({ record }) => overlaps(record, span));
    if (busy.length === 0) return { type: 'do', ...deed };
    const proposal: Proposal = {
      arguments: {
        title,
        start,
        ...(end !== undefined && { end }),
        ...(location !== undefined && { location }),
      },
      question: `${overlapping(busy, desk)}. Add “${line}” at ${start} all the same?`,
      ...deed,
    };
    return { type: 'ask', proposals: [proposal] };
  },
});

const listEvents = defineTool({
  name: 'list_events',
  description: 'Lists the events between two local times; without them, those to come.',
  parameters: z.strictObject({ start: start.optional(), end }),
  plan({ start, end }, desk) {
    const from = start === undefined ? desk.nowMs : desk.zone.toInstant(start);
    const until = end === undefined ? Infinity : desk.zone.toInstant(end);
    if (from === undefined || until === undefined) return refuse(NO_SUCH_TIME);
    const found = inOrder(desk.events).filter(({ record }) =>
      overlaps(record, { startMs: from, endMs: until }),
    );
    const events = found.slice(0, MAX_SHOWN).map(({ record }) => toView(record, desk));
    return { type: 'do', changes: [], result: { events, not_shown: found.length - events.length } };
  },
});

const moveEvent = defineTool({
  name: 'move_event',
  description: 'Moves an event to another time. Without an end it takes as long as before.',
  parameters: z.strictObject({ event, start, end }),
  plan({ event: wanted, start, end }, desk) {
    return choose({
      wanted,
      what: 'event',
      found: matching(inOrder(desk.events), wanted),
      propose({ record, version }) {
        const takes = Date.parse(record.end) - Date.parse(record.start);
        const span = toSpan(start, end, takes, desk);
        if (typeof span === 'string') return span;
        const moved = { ...record, start: toUtc(span.startMs), end: toUtc(span.endMs) };
        const busy = desk.events.filter((one) => one.record.id !== record.id && overlaps(one.record, span));
        const question = `Move ${named(record, desk)} to ${start}?`;
        return {
          isDangerous: busy.length > 0,
          arguments: { event: record.id, start, ...(end !== undefined && { end }) },
          question: busy.length === 0 ? question : `${overlapping(busy, desk)}. ${question}`,
          changes: [replaceRecord(desk.owner, moved, version)],
          result: { moved: toView(moved, desk) },
        };
      },
    });
  },
});

const cancelEvent = defineTool({
  name: 'cancel_event',
  description: 'Takes an event out of the calendar. The user is asked before.',
  parameters: z.strictObject({ event }),
  plan: ({ event: wanted }, desk) =>
    choose({
      wanted,
      what: 'event',
      found: matching(inOrder(desk.events), wanted),
      propose: (kept) => ({
        isDangerous: true,
        arguments: { event: kept.record.id },
        question: `Cancel ${named(kept.record, desk)}?`,
        changes: deleteRecord(desk.owner, kept),
        result: { cancelled: toView(kept.record, desk) },
      }),
    }),
});

const findFreeTime = defineTool({
  name: 'find_free_time',
  description: 'Finds times without events between two local times.',
  parameters: z.strictObject({ start, end: start, minutes: z.int().min(5).max(1440) }),
  plan({ start, end, minutes }, desk) {
    const span = toSpan(start, end, 0, desk);
    if (typeof span === 'string') return refuse(span);
    if (span.endMs - span.startMs > MAX_DAYS * DAY_MS)
      return refuse(`end: more than ${MAX_DAYS} days after start`);
    const busy = desk.events.map(({ record }) => toMs(record));
    const free = freeTimes(busy, span, minutes * 60_000).slice(0, MAX_FREE);
    const { toLocal } = desk.zone;
    return {
      type: 'do',
      changes: [],
      result: { free: free.map(({ startMs, endMs }) => ({ start: toLocal(startMs), end: toLocal(endMs) })) },
    };
  },
});

export const EVENT_TOOLS = [addEvent, listEvents, moveEvent, cancelEvent, findFreeTime];

/** A time and an end after it, or why there is none. */
function toSpan(start: string, end: string | undefined, lengthMs: number, { zone }: Desk) {
  const startMs = zone.toInstant(start);
  const endMs = end === undefined ? startMs && startMs + lengthMs : zone.toInstant(end);
  if (startMs === undefined || endMs === undefined) return NO_SUCH_TIME;
  return endMs > startMs ? { startMs, endMs } : 'end: must be after start';
}

const toMs = ({ start, end }: PlannerEvent) => ({ startMs: Date.parse(start), endMs: Date.parse(end) });
const overlaps = (event: PlannerEvent, { startMs, endMs }: { startMs: number; endMs: number }) =>
  toMs(event).startMs < endMs && toMs(event).endMs > startMs;
const inOrder = (events: Desk['events']) =>
  events.toSorted((a, b) => toMs(a.record).startMs - toMs(b.record).startMs);

/** As the model and the user see it: in local time. */
function toView({ id, title, start, end, location }: PlannerEvent, { zone }: Desk) {
  const [from, until] = [zone.toLocal(Date.parse(start)), zone.toLocal(Date.parse(end))];
  return { id, title, start: from, end: until, ...(location !== undefined && { location }) };
}

function named(event: PlannerEvent, desk: Desk): string {
  const { title, start } = toView(event, desk);
  return `“${title}” (${desk.zone.weekday(Date.parse(event.start))}, ${start})`;
}

const overlapping = (busy: readonly Kept<PlannerEvent>[], desk: Desk) =>
  `There is ${named(busy[0]!.record, desk)} at that time${busy.length > 1 ? `, and ${busy.length - 1} more` : ''}`;
