import { expect } from 'vitest';
import type { Plan } from '../../infra/plan.ts';

export interface Emitted {
  /** All that was written. */
  readonly text: string;
  /** Else folders and hosts are the machine's, and secrets lie in a file of their own. */
  readonly inContainers: boolean;
  /** Workloads that run as something else than containers: what they are told is here, their image and command are not. */
  readonly withoutContainer?: readonly string[];
  /** Images that are built on the way, under a name of their own. */
  readonly withoutImage?: readonly string[];
}

/** What must hold for every emitter: each workload, port, variable, secret, volume, route and image of the plan is there. */
export function nothingIsLost(
  plan: Plan,
  { text: written, inContainers, withoutContainer = [], withoutImage = [] }: Emitted,
): void {
  const text = written.replaceAll(/\\+"/g, '"'); // JSON within JSON
  const has = (what: string | number) => expect(text.includes(String(what)), `${what}`).toBe(true);

  for (const { name, port, env, secrets, argv, image, health, volumes, replicas } of plan.workloads) {
    const isContainer = !withoutContainer.includes(name);
    for (const what of [name, port, ...Object.keys(env), ...(isContainer ? argv : [])]) has(what);
    if (!inContainers) continue;
    const isNamed = !withoutImage.includes(image);
    for (const what of [...(isContainer ? [health] : []), ...Object.values(env)]) has(what);
    if (isContainer && isNamed) has(image);
    for (const { env: key, secret } of secrets) [key, secret].forEach(has);
    for (const { name: volume, path } of volumes) {
      has(path);
      if (replicas.max === 1) has(volume);
    }
  }
  for (const { model, to, overflow } of plan.routes) {
    has(`"model":"${model}"`);
    for (const { backend, weight } of to) has(`{"backend":"${backend}","weight":${weight}}`);
    if (overflow.length > 0) has(`"overflow":${JSON.stringify(overflow)}`);
  }
  for (const { argv } of plan.fetches) for (const word of argv) has(word);
  for (const { url } of plan.remotes) has(url);
}
