import type { Construct } from 'constructs';
import type { Plan } from '../plan.ts';
import type { Stage } from './stage.ts';

/** Where a part of the stack goes, and for which site. */
export interface Place {
  readonly scope: Construct;
  readonly plan: Plan;
  readonly stage: Stage;
}

/** Of all that a site has: who activates it for billing sees what it costs. */
export const SITE_TAG = 'cria:site';

/** A name for people: it begins with the site's, and says which stage. */
export const nameOf = ({ plan, stage }: Place): string => `cria-${plan.site.name}-${stage.name}`;
