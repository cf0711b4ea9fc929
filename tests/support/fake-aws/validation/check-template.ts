import type { Template } from '../cloudformation/template.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { checkLimits } from './check-limits.ts';
import { checkPolicies } from './check-policies.ts';
import { checkProperties } from './check-properties.ts';
import { checkReferences } from './check-references.ts';
import { creationOrder } from './dependencies.ts';

/** All that is wrong with it, each with the logical id. Nothing has been created by then. */
export function checkTemplate(template: Template, spec: ServiceSpec): string[] {
  const order = creationOrder(template);
  return [
    ...checkLimits(template),
    ...checkProperties(template, spec),
    ...checkReferences(template, spec),
    ...checkPolicies(template),
    ...('cycle' in order ? [`circular dependency: ${order.cycle.join(' → ')}`] : []),
  ];
}
