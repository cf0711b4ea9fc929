import ICAL from 'ical.js';
import { describe, expect, test } from 'vitest';
import { toCalendar } from '../../../app/planner/calendar.ts';
import type { PlannerEvent } from '../../../app/schemas/planner.ts';

const event = (fields: Partial<PlannerEvent> = {}): PlannerEvent => ({
  id: 'event_1',
  object: 'event',
  title: 'Dentist',
  start: '2026-11-26T14:00:00Z',
  end: '2026-11-26T15:30:00Z',
  created_at: 1_727_222_400,
  ...fields,
});

/** What an independent reader finds. */
function read(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  return calendar.getAllSubcomponents().map((component) => {
    const found = new ICAL.Event(component);
    return {
      component: component.name,
      uid: found.uid,
      summary: found.summary,
      location: found.location,
      start: found.startDate.toJSDate().toISOString(),
      end: found.endDate.toJSDate().toISOString(),
      properties: component.getAllProperties().length,
    };
  });
}

describe('toCalendar()', () => {
  test('is read as it was meant', () => {
    const text = toCalendar([event({ location: 'Main Street 5, Vienna' }), event({ id: 'event_2' })]);
    expect(text).toMatch(/^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\nPRODID:/);
    expect(text).toContain('DTSTART:20261126T140000Z\r\n');
    expect(text).toContain('DTSTAMP:20240925T000000Z\r\n');
    expect(read(text)).toMatchObject([
      {
        component: 'vevent',
        uid: 'event_1',
        summary: 'Dentist',
        location: 'Main Street 5, Vienna',
        start: '2026-11-26T14:00:00.000Z',
        end: '2026-11-26T15:30:00.000Z',
      },
      { uid: 'event_2', location: null },
    ]);
  });

  test('is the same each time: neither chance nor a clock is in it', () => {
    expect(toCalendar([event()])).toBe(toCalendar([event()]));
  });

  const plain = read(toCalendar([event({ location: 'x' })]))[0]!.properties;
  test.each([
    ['commas, semicolons and backslashes', 'a, b; c \\ d \\n e'],
    ['quotes and colons', '"x": y^z'],
    ['lines', 'a\nBEGIN:VEVENT\nUID:evil\nEND:VEVENT'],
    ['lines of iCalendar', 'x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil\r\nSUMMARY:evil'],
    ['carriage returns alone', 'x\rATTENDEE:mailto:evil@example.com\ry'],
    ['a long text', 'word '.repeat(100).trim()],
    ['a long text of long characters', '🦙é美'.repeat(60)],
    ['a new line at a fold', `${'x'.repeat(66)}\r\nSUMMARY:evil`],
    ['a line separator of Unicode', 'x\u2028SUMMARY:evil\u0085y'],
  ])('a title of %s stays one title', (_, title) => {
    const text = toCalendar([event({ title, location: title })]);
    const lines = text.split('\r\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) {
      expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
      expect(line).not.toMatch(/[\r\n]/);
    }
    expect(lines.filter((line) => /^(BEGIN|UID|SUMMARY|ATTENDEE)/.test(line))).toHaveLength(4); // calendar, event, UID, SUMMARY
    const written = title.replaceAll(/\r\n|\r/g, '\n');
    expect(read(text)).toMatchObject([
      { uid: 'event_1', summary: written, location: written, properties: plain },
    ]);
  });

  test.each([
    ['\u0000a\u0007b\u001b[31m', 'ab[31m'],
    ['x\ud800y', 'x\ufffdy'],
    ['\ud800', '\ufffd'],
  ])('what no calendar may hold is left out of %j', (title, written) => {
    expect(read(toCalendar([event({ title })]))[0]!.summary).toBe(written);
  });

  test('of no events is a calendar', () => {
    expect(read(toCalendar([]))).toEqual([]);
  });
});
