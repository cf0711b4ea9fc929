import type { Judging } from '../../engine/guard/guard.ts';
import type { GuardRules } from './access-key.ts';

/** What the operator wants of a route. */
export interface RouteGuard extends GuardRules {
  /** A key may ask for more than this, and never for less. */
  readonly enforced?: boolean | undefined;
}

export interface ServerGuard extends Judging {
  readonly enforced: boolean;
}

/**
 * What is judged of a request, and how: the server's rules, in whose place the route's stand, in whose place the key's. Where
 * they are enforced a key only adds: it has more judged, from a lower threshold on, and excludes fewer categories.
 */
export function judgingOf(
  server: ServerGuard,
  route: RouteGuard | undefined,
  key: GuardRules | undefined,
): Judging {
  const here = override(server, route);
  if (key === undefined) return here;
  return (route?.enforced ?? server.enforced) ? tighten(here, key) : override(here, key);
}

const override = ({ path, policy, refusal }: Judging, rules: GuardRules = {}): Judging => ({
  path: rules.judge ?? path,
  policy: {
    ...policy,
    threshold: rules.threshold ?? policy.threshold,
    excluded: rules.exclude ?? policy.excluded,
  },
  refusal: rules.refusal ?? refusal,
});

const tighten = ({ path, policy, refusal }: Judging, rules: GuardRules): Judging => ({
  path: both(path, rules.judge ?? 'off'),
  policy: {
    ...policy,
    threshold: Math.min(policy.threshold, rules.threshold ?? 1),
    excluded: policy.excluded.filter((code) => rules.exclude?.includes(code) ?? true),
  },
  refusal: rules.refusal ?? refusal,
});

function both(a: Judging['path'], b: Judging['path']): Judging['path'] {
  if (a === b || b === 'off') return a;
  return a === 'off' ? b : 'both';
}
