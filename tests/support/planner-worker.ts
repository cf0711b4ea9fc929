/** A Worker that reads local times and writes calendars, so that workerd's own Intl does it. */
import { toCalendar } from '../../app/planner/calendar.ts';
import { createZone } from '../../app/planner/zone.ts';
import type { PlannerEvent } from '../../app/schemas/planner.ts';

interface Asked {
  readonly times: readonly (readonly [zone: string, local: string])[];
  readonly events: readonly PlannerEvent[];
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { times, events } = (await request.json()) as Asked;
    return Response.json({
      times: times.map(([zone, local]) => createZone(zone).toInstant(local)),
      calendar: toCalendar(events),
      hasTemporal: 'Temporal' in globalThis,
    });
  },
};
