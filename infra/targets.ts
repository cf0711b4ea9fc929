import type { EmittedFile } from './emitted-file.ts';
import { emitKubernetes } from './kubernetes/emit.ts';
import type { Plan } from './plan.ts';
import { emitCompose } from './single-node/compose.ts';
import { emitQuadlet } from './single-node/quadlet.ts';
import { emitSystemd } from './single-node/systemd.ts';

/** What `cria emit` can write. `root` is where Cria lies, for those without containers. Throw PlanError. */
export const EMITTERS: Readonly<Record<string, (plan: Plan, root: string) => EmittedFile[]>> = {
  compose: emitCompose,
  systemd: (plan, root) => emitSystemd(plan, { root }),
  quadlet: emitQuadlet,
  kubernetes: emitKubernetes,
};
