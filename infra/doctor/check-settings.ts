import type * as z from 'zod';
import type { Finding } from './finding.ts';

/** The settings of one door. */
export interface DoorSettings {
  readonly name: string;
  readonly schema: z.ZodObject;
  /** Whether somebody means it to start here. */
  readonly isMeant: (environment: NodeJS.ProcessEnv) => boolean;
}

/** What the environment says to each door, and what it says to none. `others` are variables that no door reads. */
export function checkSettings(
  environment: NodeJS.ProcessEnv,
  doors: readonly DoorSettings[],
  others: readonly string[],
): Finding[] {
  const known = [...new Set([...doors.flatMap(({ schema }) => Object.keys(schema.shape)), ...others])];
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith('CRIA_') && !known.includes(name),
  );
  const meant = doors
    .filter(({ isMeant }) => isMeant(environment))
    .flatMap((door) => checkDoor(environment, door));
  return [
    ...new Map(meant.map((one) => [one.what, one])).values(), // what is wrong at several doors is told once
    ...unknown.map((name): Finding => {
      const near = known.find((one) => distance(one, name) <= 2);
      return {
        about: 'settings',
        level: 'warning',
        what: `${name} is no setting, and does nothing`,
        advice: near ? `did you mean ${near}?` : 'README.md lists them; remove it',
      };
    }),
  ];
}

function checkDoor(environment: NodeJS.ProcessEnv, { name, schema }: DoorSettings): Finding[] {
  const { error } = schema.safeParse(environment);
  if (!error) return [{ about: 'settings', level: 'ok', what: `the ${name} would start with them` }];
  return error.issues.map(({ path, message }) => ({
    about: 'settings',
    level: 'problem',
    what: `${path.join('.')}: ${message}`,
    advice: `the ${name} does not start so: correct it, or unset it for the default`,
  }));
}

/** Letters to add, remove or change. Source: Wagner and Fischer 1974 */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length]!;
}
