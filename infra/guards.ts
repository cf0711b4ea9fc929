/** What of a route's conversations is judged, as settings of the servers behind it: they judge, the gateway passes on. */
import type { PlannedRoute } from './plan-routes.ts';
import type { Site } from './site.ts';
import type { Workload } from './workload.ts';

type Guard = NonNullable<NonNullable<Site['routes']>[number]['guard']>;

/**
 * The variables of each server that a route with a guard leads to. A server judges all that comes to it, or nothing: so
 * all routes to it have to say the same. What cannot be is added to `problems`.
 */
export function guardSettings(
  site: Site,
  routes: readonly PlannedRoute[],
  workloads: readonly Workload[],
  problems: string[],
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const settings = new Map<
    string,
    { readonly route: number; readonly env: Readonly<Record<string, string>> }
  >();
  routes.forEach(({ to, overflow }, route) => {
    const guard = site.routes?.[route]?.guard;
    for (const name of [...to.map(({ backend }) => backend), ...overflow]) {
      const at = `routes[${route}].guard`;
      const problem = guard && guard.judge !== 'off' ? whyUnjudged(name, workloads) : undefined;
      if (problem !== undefined) problems.push(`${at}: ${problem}`);
      const env = variables(guard);
      const other = settings.get(name);
      if (other !== undefined && JSON.stringify(other.env) !== JSON.stringify(env))
        problems.push(
          `${at}: routes[${other.route}] leads to '${name}' too and says otherwise: a server judges all it is asked in one way, so write the same guard in both`,
        );
      settings.set(name, { route, env });
    }
  });
  return new Map([...settings].map(([name, { env }]) => [name, env]));
}

/** Undefined when it can judge what it says and is asked. */
function whyUnjudged(name: string, workloads: readonly Workload[]): string | undefined {
  const workload = workloads.find((one) => one.name === name);
  if (workload === undefined || workload.kind === 'gpu')
    return `'${name}' is ${workload ? 'SGLang' : "another's server"}, which has no Llama Guard, and the gateway passes conversations on without reading them: leave it out of this route, or ask /v1/moderations before`;
  if (workload.env.CRIA_GUARD !== undefined) return undefined;
  return `'${name}' has no guard beside it: write guard: llama-guard-3-1b-q4_k_m in its model`;
}

function variables(guard: Guard | undefined): Record<string, string> {
  if (guard === undefined) return {};
  const { judge, threshold, exclude, refusal } = guard;
  return {
    CRIA_GUARD_JUDGE: judge,
    ...(threshold === undefined ? {} : { CRIA_GUARD_THRESHOLD: String(threshold) }),
    ...(exclude === undefined ? {} : { CRIA_GUARD_EXCLUDE: exclude.join(',') }),
    ...(refusal === undefined ? {} : { CRIA_GUARD_REFUSAL: refusal }),
  };
}
