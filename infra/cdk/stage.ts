import { PlanError } from '../errors.ts';
import type { Site } from '../site.ts';

export type StageName = 'dev' | 'prod';

/** What one copy of a site differs in from another: `cdk deploy -c stage=prod`. */
export interface Stage {
  readonly name: StageName;
  /** Keep what clients stored, and logs, when the stack goes. Weights are kept in any case. */
  readonly isKept: boolean;
  readonly logDays: number;
  readonly natGateways: number;
}

const STAGES: Readonly<Record<StageName, Stage>> = {
  dev: { name: 'dev', isKept: false, logDays: 14, natGateways: 1 },
  prod: { name: 'prod', isKept: true, logDays: 90, natGateways: 2 },
};

/** Throws PlanError when there is no such stage. */
export function stageOf(name: string): Stage {
  if (!Object.hasOwn(STAGES, name))
    throw new PlanError([
      `there is no stage '${name}': write -c stage=${Object.keys(STAGES).join(' or -c stage=')}`,
    ]);
  return STAGES[name as StageName];
}

const MOST_LETTERS = 63; // of a bucket's name

/**
 * The site as a stage has it: prod is what is written. A stage for trying things out has at most one of each model, and a
 * bucket of its own for weights, since two stacks cannot make one. Throws PlanError when that has too long a name.
 */
export function siteIn({ name }: Stage, site: Site): Site {
  if (name === 'prod') return site;
  const { weights } = site.stores;
  const bucket = weights?.kind === 's3' ? `${weights.bucket}-${name}` : '';
  if (bucket.length > MOST_LETTERS)
    throw new PlanError([
      `stores.weights.bucket: stage ${name} has ${bucket}, ${bucket.length} letters, and a bucket's name has at most ${MOST_LETTERS}: shorten it`,
    ]);
  return {
    ...site,
    gateway: { ...site.gateway, replicas: 1 },
    models: site.models.map((model) =>
      model.engine === 'remote'
        ? model
        : { ...model, replicas: { min: Math.min(1, model.replicas.min), max: 1 } },
    ),
    stores: weights?.kind === 's3' ? { ...site.stores, weights: { ...weights, bucket } } : site.stores,
  };
}
