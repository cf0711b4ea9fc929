import ical from 'ical-generator';
import type { PlannerEvent } from '../schemas/planner.ts';

/** Neither tabs nor line ends, which have a place in a text of iCalendar's; those it does not allow at all. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/**
 * Events as a calendar to subscribe to. Times are in UTC, so that no time zone need be described.
 *
 * Source   RFC 5545, RFC 7986
 */
export function toCalendar(events: readonly PlannerEvent[]): string {
  const calendar = ical({ name: 'Cria', prodId: { company: 'Cria', product: 'Assistant', language: 'EN' } });
  for (const { id, title, start, end, location, created_at } of events) {
    const created = new Date(created_at * 1000);
    calendar.createEvent({
      id,
      start: new Date(start),
      end: new Date(end),
      stamp: created,
      created,
      summary: plain(title),
      ...(location !== undefined && { location: plain(location) }),
    });
  }
  return `${calendar.toString()}\r\n`;
}

const plain = (text: string) => text.toWellFormed().replace(CONTROLS, '');
