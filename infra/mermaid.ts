import { memoryText } from './bytes.ts';
import type { Plan } from './plan.ts';
import type { Workload } from './workload.ts';

/** A plan as a picture: who asks whom, and what is kept where. */
export function mermaid({ site, gateway, workloads, remotes, routes }: Plan): string {
  const id = (name: string) => name.replaceAll('-', '_');
  const box = (one: Workload) =>
    `  ${id(one.name)}["${one.name}<br>${one.kind}, port ${one.port}<br>${one.model ? `${one.model.facts.name}<br>` : ''}${memoryText(one.memory)}"]`;
  const arrows = new Map<string, string>();
  for (const { to, overflow } of routes) {
    for (const backend of overflow) arrows.set(backend, `  gateway -.overflow.-> ${id(backend)}`);
    for (const { backend } of to) arrows.set(backend, `  gateway --> ${id(backend)}`);
  }
  const stores = [...new Set(workloads.flatMap(({ volumes }) => volumes.map(({ name }) => name)))];
  return [
    'flowchart LR',
    `  clients(["clients"]) --> ${id(gateway.name)}`,
    `  subgraph site["${site.name}, ${site.setup}"]`,
    ...workloads.map((one) => `  ${box(one)}`),
    ...stores.map((name) => `    ${id(name)}[("${name}")]`),
    '  end',
    ...remotes.map(({ name, url }) => `  ${id(name)}(["${name}<br>${url}"])`),
    ...arrows.values(),
    ...workloads.flatMap(({ name, volumes }) =>
      volumes.map((volume) => `  ${id(volume.name)} --- ${id(name)}`),
    ),
    '',
  ].join('\n');
}
