/** A time zone's clock. Local times are written as `2026-11-26T15:00`. */
export interface Zone {
  readonly name: string;
  /** Unix milliseconds as local time, to the minute. */
  toLocal(ms: number): string;
  /**
   * A local time as Unix milliseconds; undefined when no calendar has it. Of a time that comes twice, the first; one that
   * the clock leaps over is as much later as it leaps. So does `Temporal` with its default, `compatible`.
   */
  toInstant(local: string): number | undefined;
  /** `Thursday`. */
  weekday(ms: number): string;
}

/** `Temporal` is in neither Node 24 nor workerd, `Intl` in both. Throws RangeError for a zone that is none. */
export function createZone(name: string): Zone {
  const wall = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const day = new Intl.DateTimeFormat('en-US', { timeZone: name, weekday: 'long' });

  /** What the clock shows, as if it were UTC. */
  function shownAt(ms: number): number {
    const parts = new Map(wall.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const [year, month, date] = [parts.get('year')!, parts.get('month')!, parts.get('day')!];
    return Date.UTC(year, month - 1, date, parts.get('hour'), parts.get('minute'), parts.get('second'));
  }
  const offsetAt = (ms: number) => shownAt(ms) - Math.floor(ms / 1000) * 1000;

  return {
    name,
    toLocal: (ms) => new Date(shownAt(ms)).toISOString().slice(0, 16),
    toInstant(local) {
      const shown = Date.parse(`${local}Z`);
      if (Number.isNaN(shown) || new Date(shown).toISOString().slice(0, 16) !== local) return undefined;
      const [before, after] = [offsetAt(shown - DAY_MS), offsetAt(shown + DAY_MS)]; // zones change once in two days at most
      const found = [shown - before, shown - after].filter((ms) => shownAt(ms) === shown);
      return found.length > 0 ? Math.min(...found) : shown - before;
    },
    weekday: (ms) => day.format(ms),
  };
}

export const DAY_MS = 24 * 60 * 60 * 1000;

/** Unix milliseconds as they are kept: in UTC, to the second. */
export const toUtc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
