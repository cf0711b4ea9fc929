import type { Property, PropertyType } from '@aws-cdk/service-spec-types';
import { intrinsic } from '../cloudformation/intrinsics.ts';
import type { Template } from '../cloudformation/template.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { isCustom, type ServiceSpec } from '../service-spec.ts';

/** Types, properties and values that the service spec does not have. */
export function checkProperties({ Resources }: Template, spec: ServiceSpec): string[] {
  return Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    if (isCustom(Type))
      return 'ServiceToken' in Properties ? [] : [`${id} (${Type}): ServiceToken is missing`];
    const known = spec.resource(Type);
    if (known === undefined) return [`${id}: ${Type} is no resource type`];
    return checkObject(Properties, known.properties, '', spec).map(
      (problem) => `${id} (${Type}): ${problem}`,
    );
  });
}

function checkObject(
  value: JsonObject,
  properties: Readonly<Record<string, Property>>,
  path: string,
  spec: ServiceSpec,
): string[] {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  return [
    ...Object.keys(value)
      .filter((key) => !(key in properties))
      .map((key) => `${at(key)} is no property`),
    ...Object.entries(properties)
      .filter(([key, { required }]) => required && value[key] === undefined)
      .map(([key]) => `${at(key)} is missing`),
    ...Object.entries(value).flatMap(([key, inner]) => {
      const property = properties[key];
      return property ? checkValue(inner, typesOf(property), at(key), spec) : [];
    }),
  ];
}

const typesOf = ({ type, previousTypes = [] }: Property): PropertyType[] => [type, ...previousTypes];

/** The problems of the type that fits best: none if any fits. */
function checkValue(value: Json, types: readonly PropertyType[], path: string, spec: ServiceSpec): string[] {
  const call = intrinsic(value);
  if (call?.name === 'Fn::If' && Array.isArray(call.argument))
    return call.argument.slice(1).flatMap((branch: Json) => checkValue(branch, types, path, spec));
  if (call !== undefined) return []; // what it comes to is known later

  const problems = types.map((type) => checkType(value, type, path, spec));
  return problems.sort((a, b) => a.length - b.length)[0]!;
}

function checkType(value: Json, type: PropertyType, path: string, spec: ServiceSpec): string[] {
  const wrong = (expected: string) => [`${path} must be ${expected}, not ${JSON.stringify(value)}`];
  switch (type.type) {
    case 'string':
    case 'date-time':
      if (typeof value === 'object' || value === undefined) return wrong('a string');
      return 'allowedValues' in type && type.allowedValues && !type.allowedValues.includes(String(value))
        ? wrong(`one of ${type.allowedValues.join(', ')}`)
        : [];
    case 'integer':
      return /^-?\d+$/.test(String(value)) ? [] : wrong('an integer');
    case 'number':
      return value !== '' && Number.isFinite(Number(String(value))) ? [] : wrong('a number');
    case 'boolean':
      return ['true', 'false'].includes(String(value)) ? [] : wrong('true or false');
    case 'array':
      if (!Array.isArray(value)) return wrong('a list');
      return value.flatMap((item, i) => checkValue(item, [type.element], `${path}.${i}`, spec));
    case 'map':
      if (!isObject(value)) return wrong('an object');
      return Object.entries(value).flatMap(([key, inner]) =>
        checkValue(inner, [type.element], `${path}.${key}`, spec),
      );
    case 'ref':
      if (!isObject(value)) return wrong('an object');
      return checkObject(value, spec.definition(type).properties, path, spec);
    case 'tag':
      if (!isObject(value)) return wrong('a tag');
      return ['Key', 'Value'].filter((key) => !(key in value)).map((key) => `${path}.${key} is missing`);
    case 'union':
      return checkValue(value, type.types, path, spec);
    case 'json':
      return typeof value === 'object' || typeof value === 'string' ? [] : wrong('an object');
    case 'null':
      return wrong('nothing');
  }
}
