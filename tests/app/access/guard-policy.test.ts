import { describe, expect, test } from 'vitest';
import type { GuardRules } from '../../../app/access/access-key.ts';
import { judgingOf, type RouteGuard, type ServerGuard } from '../../../app/access/guard-policy.ts';
import type { Judging } from '../../../engine/guard/guard.ts';

const server: ServerGuard = {
  path: 'input',
  policy: { threshold: 0.5, excluded: ['S6', 'S8'], onUnknown: 'unsafe' },
  refusal: 'No.',
  enforced: false,
};
const strict: ServerGuard = { ...server, enforced: true };

interface Case {
  readonly what: string;
  readonly server?: ServerGuard;
  readonly route?: RouteGuard;
  readonly key?: GuardRules;
  readonly is: Partial<Judging> & { readonly threshold?: number; readonly excluded?: readonly string[] };
}

const cases: readonly Case[] = [
  { what: 'nothing said', is: {} },
  { what: 'a route that judges more', route: { judge: 'both' }, is: { path: 'both' } },
  { what: 'a route that judges nothing', route: { judge: 'off' }, is: { path: 'off' } },
  {
    what: 'a route of other thresholds',
    route: { threshold: 0.9, exclude: [] },
    is: { threshold: 0.9, excluded: [] },
  },
  { what: 'a route of other words', route: { refusal: 'Not here.' }, is: { refusal: 'Not here.' } },
  {
    what: 'a route of an enforcing server',
    server: strict,
    route: { judge: 'off', threshold: 0.9 },
    is: { path: 'off', threshold: 0.9 },
  },

  { what: 'a key that says nothing', key: {}, is: {} },
  { what: 'a key that judges nothing', key: { judge: 'off' }, is: { path: 'off' } },
  { what: 'a key that judges the other half', key: { judge: 'output' }, is: { path: 'output' } },
  {
    what: 'a key that is laxer',
    key: { threshold: 0.9, exclude: ['S1'] },
    is: { threshold: 0.9, excluded: ['S1'] },
  },
  {
    what: 'a key over a route',
    route: { judge: 'both', threshold: 0.2 },
    key: { threshold: 0.4 },
    is: { path: 'both', threshold: 0.4 },
  },

  { what: 'an enforced rule, a key that says nothing', server: strict, key: {}, is: {} },
  {
    what: 'an enforced rule, a key that judges nothing',
    server: strict,
    key: { judge: 'off' },
    is: { path: 'input' },
  },
  {
    what: 'an enforced rule, a key that judges the other half',
    server: strict,
    key: { judge: 'output' },
    is: { path: 'both' },
  },
  {
    what: 'an enforced rule, a key that judges the same',
    server: strict,
    key: { judge: 'input' },
    is: { path: 'input' },
  },
  {
    what: 'an enforced rule, a key that judges all',
    server: strict,
    key: { judge: 'both' },
    is: { path: 'both' },
  },
  {
    what: 'an enforced threshold, a laxer key',
    server: strict,
    key: { threshold: 0.9 },
    is: { threshold: 0.5 },
  },
  {
    what: 'an enforced threshold, a stricter key',
    server: strict,
    key: { threshold: 0.1 },
    is: { threshold: 0.1 },
  },
  {
    what: 'enforced categories, a key that excludes more',
    server: strict,
    key: { exclude: ['S6', 'S8', 'S1'] },
    is: { excluded: ['S6', 'S8'] },
  },
  {
    what: 'enforced categories, a key that excludes others',
    server: strict,
    key: { exclude: ['S1'] },
    is: { excluded: [] },
  },
  {
    what: 'enforced categories, a key that excludes fewer',
    server: strict,
    key: { exclude: ['S8'] },
    is: { excluded: ['S8'] },
  },
  {
    what: 'an enforced rule, a key with words of its own',
    server: strict,
    key: { refusal: 'Ask me another.' },
    is: { refusal: 'Ask me another.' },
  },
  {
    what: 'a route that enforces',
    route: { judge: 'both', enforced: true },
    key: { judge: 'off', threshold: 1 },
    is: { path: 'both' },
  },
  {
    what: 'a route that does not, of a server that does',
    server: strict,
    route: { enforced: false },
    key: { judge: 'off' },
    is: { path: 'off' },
  },
  {
    what: 'an enforced off, which is the least there is',
    server: { ...strict, path: 'off' },
    key: { judge: 'output' },
    is: { path: 'output' },
  },
];

test.each(cases)('$what', ({ server: from = server, route, key, is: { threshold, excluded, ...is } }) => {
  const { path, policy, refusal } = from;
  expect(judgingOf(from, route, key)).toEqual({
    path,
    refusal,
    ...is,
    policy: { ...policy, ...(threshold !== undefined && { threshold }), ...(excluded && { excluded }) },
  });
});

describe('where rules are enforced no key loosens them', () => {
  const PATHS = ['off', 'input', 'output', 'both'] as const;
  const judged = (path: Judging['path']) =>
    path === 'both' ? ['input', 'output'] : path === 'off' ? [] : [path];
  const keys: GuardRules[] = [undefined, ...PATHS].flatMap((judge) =>
    [undefined, 0.1, 0.5, 1].flatMap((threshold) =>
      [undefined, [], ['S1'], ['S6', 'S8', 'S9']].map((exclude) => ({
        ...(judge && { judge }),
        ...(threshold && { threshold }),
        ...(exclude && { exclude }),
      })),
    ),
  );

  test.each(PATHS)('with %s, whatever it says', (path) => {
    for (const key of keys) {
      const made = judgingOf({ ...strict, path }, undefined, key);
      expect(judged(made.path)).toEqual(expect.arrayContaining(judged(path)));
      expect(made.policy.threshold).toBeLessThanOrEqual(strict.policy.threshold);
      expect(strict.policy.excluded).toEqual(expect.arrayContaining([...made.policy.excluded]));
      expect(made.policy.onUnknown).toBe('unsafe');
    }
  });
});
