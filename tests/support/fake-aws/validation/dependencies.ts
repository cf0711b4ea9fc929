import { mentions } from '../cloudformation/intrinsics.ts';
import type { Template } from '../cloudformation/template.ts';

/** What each resource has to wait for. */
export function dependencies({ Resources }: Template): Map<string, ReadonlySet<string>> {
  return new Map(
    Object.entries(Resources).map(([id, { DependsOn = [], Properties }]) => {
      const named = [...mentions(Properties)]
        .filter(({ type }) => type === 'ref' || type === 'attribute')
        .map(({ name }) => name);
      return [id, new Set([...[DependsOn].flat(), ...named].filter((name) => name in Resources))];
    }),
  );
}

/** Every resource after what it depends on; or the first circle found. */
export function creationOrder(
  template: Template,
): { readonly order: readonly string[] } | { readonly cycle: readonly string[] } {
  const needs = dependencies(template);
  const order: string[] = [];
  const done = new Set<string>();

  /** Returns the circle, if there is one. */
  function visit(id: string, path: readonly string[]): readonly string[] | undefined {
    if (done.has(id)) return undefined;
    if (path.includes(id)) return [...path.slice(path.indexOf(id)), id];
    for (const other of needs.get(id)!) {
      const cycle = visit(other, [...path, id]);
      if (cycle) return cycle;
    }
    done.add(id);
    order.push(id);
    return undefined;
  }

  for (const id of needs.keys()) {
    const cycle = visit(id, []);
    if (cycle) return { cycle };
  }
  return { order };
}
