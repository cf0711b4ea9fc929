import type { Property, PropertyType } from '@aws-cdk/service-spec-types';
import { isObject, type Json, type JsonObject, sameJson } from '../json.ts';
import { isCustom, type ServiceSpec } from '../service-spec.ts';
import type { PropertyChange } from './stack.ts';

/** What differs between two states of one resource, and what has to be made anew for it. */
export function propertyChanges(
  type: string,
  before: JsonObject,
  after: JsonObject,
  spec: ServiceSpec,
): PropertyChange[] {
  const properties = spec.resource(type)?.properties ?? {};
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => !sameJson(before[name], after[name]))
    .map((name) => ({
      name,
      recreation: isCustom(type)
        ? name === 'ServiceToken'
          ? 'Always'
          : 'Never'
        : recreationOf(properties[name], before[name], after[name], spec),
    }));
}

type Recreation = PropertyChange['recreation'];

const WORST: readonly Recreation[] = ['Always', 'Conditionally', 'Never'];

function recreationOf(
  property: Property | undefined,
  before: Json,
  after: Json,
  spec: ServiceSpec,
): Recreation {
  if (sameJson(before, after) || property === undefined) return 'Never';
  if (property.causesReplacement === 'yes') return 'Always';
  if (property.causesReplacement === 'maybe') return 'Conditionally';
  return insideOf(property.type, before, after, spec);
}

/** An inner property may force what its outer one does not. */
function insideOf(type: PropertyType, before: Json, after: Json, spec: ServiceSpec): Recreation {
  if (type.type !== 'ref' || !isObject(before) || !isObject(after)) return 'Never';
  const found = Object.entries(spec.definition(type).properties).map(([name, inner]) =>
    recreationOf(inner, before[name], after[name], spec),
  );
  return WORST.find((recreation) => found.includes(recreation)) ?? 'Never';
}
