import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { expect, test } from 'vitest';
import { toCalendar } from '../../../app/planner/calendar.ts';
import type { PlannerEvent } from '../../../app/schemas/planner.ts';
import { readWorker } from '../../../scripts/wrangler-toml.ts';

const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../golden/zones.json'), 'utf8'),
) as readonly (readonly [zone: string, local: string, utc: string])[];
const event: PlannerEvent = {
  id: 'event_1',
  object: 'event',
  title: `${'🦙'.repeat(40)}\r\nEND:VEVENT`,
  start: '2026-11-26T14:00:00Z',
  end: '2026-11-26T15:00:00Z',
  location: 'Main Street; 5',
  created_at: 1_727_222_400,
};

test('workerd reads local times as Python does, and writes the calendar that Node writes', async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../support/planner-worker.ts')],
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    write: false,
  });
  const { compatibilityDate, compatibilityFlags } = readWorker();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate,
      compatibilityFlags,
      cf: false,
      telemetry: { enabled: false },
      modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]!.text }],
    }),
  );
  try {
    const times = cases.map(([zone, local]) => [zone, local]);
    const reply = await miniflare.dispatchFetch('http://planner/', {
      method: 'POST',
      body: JSON.stringify({ times, events: [event] }),
    });
    const read = (await reply.json()) as { times: number[]; calendar: string; hasTemporal: boolean };
    expect(read.times).toEqual(cases.map(([, , utc]) => Date.parse(utc)));
    expect(read.calendar).toBe(toCalendar([event]));
    expect(read.hasTemporal).toBe(false); // else zone.ts could go
  } finally {
    await miniflare.dispose();
  }
});
