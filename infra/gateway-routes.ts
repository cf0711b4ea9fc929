import type { Backend, Routes } from '../app/gateway/schema.ts';
import type { Plan } from './plan.ts';
import type { Workload } from './workload.ts';

/** What the gateway is told, in CRIA_ROUTES. `hostOf` says where a workload is to be found in the place it runs in. */
export function gatewayRoutes(plan: Plan, hostOf: (workload: Workload) => string): Routes {
  const { workloads, remotes, routes, keeper, judge } = plan;
  const served = workloads.filter(({ model }) => model !== undefined);
  const facts = new Map([
    ...served.map(
      ({ name, model }) => [name, { context: model!.context, licence: model!.facts.licence }] as const,
    ),
    ...remotes.map(({ name, context }) => [name, { context, licence: 'unknown' }] as const),
  ]);
  const backends: Backend[] = [
    ...served.map((one) => ({
      name: one.name,
      url: `http://${hostOf(one)}:${one.port}/v1`,
      model: one.model!.id,
      health: one.health,
    })),
    ...remotes.map(({ name, url, model, key }) => ({ name, url, model, ...(key ? { key: key.env } : {}) })),
  ];
  return {
    backends,
    routes: routes.map(({ model, to, overflow }) => ({
      model,
      to: [...to],
      overflow: [...overflow],
      contextLength: Math.min(...to.map(({ backend }) => facts.get(backend)!.context)),
      licence: facts.get(to[0]!.backend)!.licence,
    })),
    ...(keeper === undefined ? {} : { keeper }),
    ...(judge === undefined ? {} : { judge }),
  };
}
