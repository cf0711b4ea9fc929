/** Many clients at once, for a while: nothing breaks. `npm run bench:load` does the same for a minute, and times it. */
import { expect, test } from 'vitest';
import { loadDoor, PER_MINUTE } from '../support/load-doors.ts';

const SECONDS = 8;
const LIMITED = 32; // clients of 64 that share a key

test.each(['node', 'workerd'] as const)(
  '64 clients of the %s door get whole streams, or 429',
  async (door) => {
    const report = await loadDoor(door, { clients: 2 * LIMITED, seconds: SECONDS });
    expect(report.errors).toEqual([]);
    const of = (values: readonly number[], from: number, to: number) =>
      values.slice(from, to).reduce((sum, one) => sum + one, 0);
    expect(of(report.streams, LIMITED, 2 * LIMITED)).toBeGreaterThanOrEqual(LIMITED);
    expect(of(report.refused, LIMITED, 2 * LIMITED)).toBe(0);

    const letIn = of(report.streams, 0, LIMITED);
    expect(of(report.refused, 0, LIMITED)).toBeGreaterThan(0);
    expect(letIn).toBeGreaterThanOrEqual(PER_MINUTE);
    // A minute's worth, and what came back until the last was let in, within one.
    expect(letIn).toBeLessThanOrEqual(PER_MINUTE + (PER_MINUTE * report.seconds) / 60 + 1);
  },
);
