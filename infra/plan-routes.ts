import type { Site } from './site.ts';

export interface PlannedRoute {
  readonly model: string; // as requests name it
  readonly to: readonly { readonly backend: string; readonly weight: number }[];
  readonly overflow: readonly string[];
}

/** A workload or a remote. */
export interface Backend {
  readonly name: string;
  readonly id: string; // the model, as its server knows it
}

/** The site's routes, or one for each id. What does not exist is added to `problems`. */
export function planRoutes(site: Site, backends: readonly Backend[], problems: string[]): PlannedRoute[] {
  if (site.routes === undefined) return defaultRoutes(backends);
  const known = backends.map(({ name }) => name);
  const check = (name: string, path: string) => {
    if (!known.includes(name))
      problems.push(`${path}: there is no model '${name}' in models; there is ${known.join(', ')}`);
  };
  const seen = new Map<string, number>();
  return site.routes.map(({ model, to, overflow }, index) => {
    const other = seen.get(model);
    if (other !== undefined)
      problems.push(`routes[${index}].model: routes[${other}] answers '${model}' already: join them`);
    seen.set(model, index);
    to.forEach((one, i) => {
      check(one.model, `routes[${index}].to[${i}].model`);
    });
    overflow.forEach((name, i) => {
      check(name, `routes[${index}].overflow[${i}]`);
      if (to.some((one) => one.model === name))
        problems.push(`routes[${index}].overflow[${i}]: '${name}' is in 'to' already: remove it`);
    });
    return { model, to: to.map((one) => ({ backend: one.model, weight: one.weight })), overflow };
  });
}

/** Who serve the same id share it: the first answers, the others are its overflow. */
function defaultRoutes(backends: readonly Backend[]): PlannedRoute[] {
  return [...Map.groupBy(backends, ({ id }) => id)].map(([model, [first, ...others]]) => ({
    model,
    to: [{ backend: first!.name, weight: 1 }],
    overflow: others.map(({ name }) => name),
  }));
}
