import type { Plan } from './plan.ts';

/** A plan as data: what it says of each workload, without the parts it was computed from. */
export function planJson(plan: Plan): unknown {
  const { site, workloads, remotes, fetches, routes, keeper, judge, secrets, cost, notes } = plan;
  return {
    site: site.name,
    setup: site.setup,
    workloads: workloads.map(({ model, ...workload }) => ({
      ...workload,
      ...(model
        ? {
            model: {
              id: model.id,
              name: model.facts.name,
              quantisation: model.facts.quantisation,
              context: model.context,
              concurrency: model.concurrency,
              memory: model.need,
            },
          }
        : {}),
    })),
    remotes,
    fetches,
    routes,
    keeper,
    judge,
    secrets,
    cost,
    notes,
  };
}
