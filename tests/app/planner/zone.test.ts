import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createZone, toUtc } from '../../../app/planner/zone.ts';

const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../golden/zones.json'), 'utf8'),
) as readonly (readonly [zone: string, local: string, utc: string])[];
const ZONES = [...new Set(cases.map(([zone]) => zone))];

describe.each(ZONES)('%s', (name) => {
  const zone = createZone(name);
  const own = cases.filter(([other]) => other === name);

  test('local times are read as Python reads them', () => {
    expect(own.length).toBeGreaterThan(7);
    for (const [, local, utc] of own) expect([local, toUtc(zone.toInstant(local)!)]).toEqual([local, utc]);
  });

  test('what is read is written as it was, but where the clock leaps', () => {
    const leapt = own.filter(([, local]) => zone.toLocal(zone.toInstant(local)!) !== local);
    for (const [, local] of leapt) expect(zone.toLocal(zone.toInstant(local)!) > local).toBe(true);
    expect(leapt.length).toBeLessThan(own.length / 3);
  });
});

test.each(['2026-02-29T10:00', '2026-13-01T10:00', '2026-01-01T24:00', '2026-1-1T1:00', '2026-01-01', ''])(
  'no calendar has %j',
  (local) => {
    expect(createZone('Europe/Vienna').toInstant(local)).toBeUndefined();
  },
);

test('weekdays are those of the zone', () => {
  const ms = Date.parse('2026-11-25T23:30:00Z');
  expect(createZone('UTC').weekday(ms)).toBe('Wednesday');
  expect(createZone('Asia/Tokyo').weekday(ms)).toBe('Thursday');
});

test('a zone that is none throws', () => {
  expect(() => createZone('Middle/Earth')).toThrow(RangeError);
});
