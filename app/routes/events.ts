import type { Context } from 'hono';
import { InvalidRequestError } from '../errors.ts';
import { parse } from '../parse.ts';
import { toCalendar } from '../planner/calendar.ts';
import {
  assertRoom,
  deleteRecord,
  findRecord,
  ownerOf,
  putRecord,
  recordsOf,
  replaceRecord,
} from '../planner/records.ts';
import { toUtc } from '../planner/zone.ts';
import { readJson } from '../read-json.ts';
import type { AppEnv, RunDeps } from '../run.ts';
import { EventRequest, EventUpdate, type PlannerEvent, PlannerQuery } from '../schemas/planner.ts';
import { NoQuery } from '../schemas/queries.ts';
import { write } from '../storage/write.ts';
import { listRecords } from './planner-lists.ts';

type EventContext = Context<AppEnv, '/:id'>;

export const createEvent = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const { title, start, end, location } = parse(EventRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const owner = ownerOf(c);
  assertRoom('event', (await recordsOf(deps.storage, 'event', owner)).length);
  const event: PlannerEvent = {
    id: `event_${deps.newId()}`,
    object: 'event',
    title: title.trim(),
    ...span(start, end),
    ...(location != null && { location: location.trim() }),
    created_at: Math.floor(deps.now() / 1000),
  };
  await write(deps.storage, [putRecord(owner, event)]);
  return c.json(event);
};

export const listEvents = (deps: RunDeps) => async (c: Context<AppEnv>) =>
  c.json(await listRecords(deps, 'event', ownerOf(c), parse(PlannerQuery, c.req.query())));

export const updateEvent = (deps: RunDeps) => async (c: EventContext) => {
  const { title, start, end, location } = parse(EventUpdate, await readJson(c.req.raw, deps.maxBodyBytes));
  const owner = ownerOf(c);
  const { record, version } = await findRecord(deps.storage, 'event', owner, c.req.param('id'));
  const { location: placeBefore, ...rest } = record;
  const place = location === undefined ? placeBefore : (location?.trim() ?? undefined);
  const updated: PlannerEvent = {
    ...rest,
    title: title?.trim() ?? rest.title,
    ...span(start ?? rest.start, end ?? rest.end),
    ...(place !== undefined && { location: place }),
  };
  await write(deps.storage, [replaceRecord(owner, updated, version)]);
  return c.json(updated);
};

export const deleteEvent = (deps: RunDeps) => async (c: EventContext) => {
  const owner = ownerOf(c);
  const found = await findRecord(deps.storage, 'event', owner, c.req.param('id'));
  await write(deps.storage, deleteRecord(owner, found));
  return c.json({ id: found.record.id, object: 'event.deleted', deleted: true });
};

export const calendar = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  parse(NoQuery, c.req.query());
  const events = await recordsOf(deps.storage, 'event', ownerOf(c));
  return c.body(toCalendar(events.map(({ record }) => record)), 200, {
    'content-type': 'text/calendar; charset=utf-8',
    'content-disposition': 'attachment; filename="calendar.ics"',
  });
};

/** Throws InvalidRequestError unless the end is after the start. */
function span(start: string, end: string): { readonly start: string; readonly end: string } {
  const [startMs, endMs] = [Date.parse(start), Date.parse(end)];
  if (endMs > startMs) return { start: toUtc(startMs), end: toUtc(endMs) };
  throw new InvalidRequestError('invalid_value', 'end', 'end: must be after start');
}
