import { gatewayRoutes } from '../gateway-routes.ts';
import type { Plan } from '../plan.ts';
import type { Workload } from '../workload.ts';

/** Where things are on a machine that runs the workloads without containers. */
export interface LocalPlace {
  readonly node: string; // the program
  readonly dist: string; // what scripts/build.ts wrote
  readonly home: string; // CRIA_HOME
  stateOf(workload: string): string; // a folder
}

export interface LocalProcess {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  readonly health: string;
  readonly live: string;
}

/** A workload as a process of this machine: only the gateway listens for others. */
export function localProcess(plan: Plan, workload: Workload, place: LocalPlace): LocalProcess {
  const [, ...words] = workload.argv;
  const paths = workload.volumes.map(
    ({ kind, path }) => [path, kind === 'weights' ? place.home : place.stateOf(workload.name)] as const,
  );
  const here = (text: string) =>
    paths.reduce(
      (value, [from, to]) =>
        value === from || value.startsWith(`${from}/`) ? to + value.slice(from.length) : value,
      text,
    );
  const env = Object.fromEntries(Object.entries(workload.env).map(([name, value]) => [name, here(value)]));
  const isGateway = workload.kind === 'gateway';
  return {
    name: workload.name,
    argv: [
      place.node,
      ...words.map((word) => word.replace(/^dist\//, `${place.dist}/`)), // flags come before the script
      ...(workload.kind === 'edge' ? [place.dist] : []),
    ],
    env: {
      ...env,
      HOST: isGateway ? plan.site.gateway.listen : '127.0.0.1',
      ...(isGateway ? { CRIA_ROUTES: JSON.stringify(gatewayRoutes(plan, () => '127.0.0.1')) } : {}),
    },
    port: workload.port,
    health: workload.health,
    live: workload.live,
  };
}
