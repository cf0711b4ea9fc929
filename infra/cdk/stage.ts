import { PlanError } from '../errors.ts';
import type { Workload } from '../workload.ts';

export type StageName = 'dev' | 'prod';

/** What one copy of a site differs in from another: `cdk deploy -c stage=prod`. */
export interface Stage {
  readonly name: StageName;
  /** Keep what clients stored, and logs, when the stack goes. Weights are kept in any case. */
  readonly isKept: boolean;
  readonly logDays: number;
  readonly natGateways: number;
  /** How many run at most: a stage for trying things out has one of each. */
  readonly replicasOf: (workload: Workload) => { readonly min: number; readonly max: number };
}

const STAGES: Readonly<Record<StageName, Stage>> = {
  dev: {
    name: 'dev',
    isKept: false,
    logDays: 14,
    natGateways: 1,
    replicasOf: ({ replicas }) => ({ min: Math.min(1, replicas.min), max: 1 }),
  },
  prod: { name: 'prod', isKept: true, logDays: 90, natGateways: 2, replicasOf: ({ replicas }) => replicas },
};

/** Throws PlanError when there is no such stage. */
export function stageOf(name: string): Stage {
  if (!Object.hasOwn(STAGES, name))
    throw new PlanError([
      `there is no stage '${name}': write -c stage=${Object.keys(STAGES).join(' or -c stage=')}`,
    ]);
  return STAGES[name as StageName];
}
