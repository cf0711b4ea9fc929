import { gatewayRoutes } from './gateway-routes.ts';
import type { Plan } from './plan.ts';
import type { Workload } from './workload.ts';

/** A workload's variables in a container, where each has its name as its host. */
export function containerEnv(plan: Plan, { kind, env }: Workload): Readonly<Record<string, string>> {
  if (kind !== 'gateway') return env;
  return { ...env, CRIA_ROUTES: JSON.stringify(gatewayRoutes(plan, ({ name }) => name)) };
}

/** A command that ends with 0 while the workload is well, for those who have no other way to ask it. */
export function healthCommand({ kind, port, health }: Workload): readonly string[] {
  const url = `http://127.0.0.1:${port}${health}`;
  return kind === 'gpu'
    ? ['python3', '-c', `import urllib.request; urllib.request.urlopen('${url}', timeout=3)`]
    : ['node', '-e', `fetch('${url}').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`];
}

/** With room for what a plan cannot know: the page cache, and what V8 has not collected yet. */
export const memoryLimit = ({ memory }: Workload): number => Math.ceil((memory * 1.25) / 2 ** 20) * 2 ** 20;

/** The user in Cria's image, and the group of its volumes. */
export const UID = 1000;

/** What SGLang's processes speak through, beside its memory. */
export const SHARED_BYTES = 8 * 2 ** 30;
