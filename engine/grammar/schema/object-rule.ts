import { SchemaError } from '../../errors.ts';
import { anyLiteral, type JsonRules } from '../json-rules.ts';
import { noneOf } from '../pattern/char-automaton.ts';
import { spell } from '../pattern/spell.ts';
import { choice, literal, optional, type Rule, repeat, sequence, shared } from '../rule.ts';
import { within } from '../within.ts';
import { assertionsOf, listOfAny, type Path, type SchemaObject, toSchemaObject } from './keywords.ts';
import type { WriteSchema } from './schema-rule.ts';

/** How the members of an object are put down. */
export interface ObjectForm {
  readonly open: string;
  readonly close: string;
  /** Before a value. */
  readonly key: (name: string, rules: JsonRules) => Rule;
  /** Whether there may be members that the schema does not name. */
  readonly hasOthers: boolean;
}

const BRACES: ObjectForm = {
  open: '{',
  close: '}',
  key: (name, { space }) => sequence(literal(`${JSON.stringify(name)}:`), space),
  hasOthers: true,
};

interface Property {
  readonly pair: Rule;
  readonly isRequired: boolean;
}

/**
 * Objects: the properties in the schema's order, those that are not required left out or not; then others, where
 * `additionalProperties` allows them. Where it says nothing, a schema that names no property means any object.
 */
export function objectRule(
  rules: JsonRules,
  schema: SchemaObject,
  path: Path,
  inside: WriteSchema,
  form = BRACES,
): Rule {
  const pairOf = (name: string, value: Rule) => shared(() => sequence(form.key(name, rules), value));
  const named = propertiesOf(schema, path);
  const required = requiredOf(schema, path);
  const { additionalProperties = named.size === 0 } = schema;
  const others =
    additionalProperties === false
      ? undefined
      : inside(additionalProperties, [...path, 'additionalProperties']);

  const allowed = allowedNames(schema, path);
  const names = new Set([...named.keys(), ...required]);
  for (const name of allowed ? names : [])
    if (!allowed!.has(name))
      throw new SchemaError([...path, 'propertyNames'], `leaves out the property ${JSON.stringify(name)}`);

  const properties: Property[] = [];
  for (const [name, value] of named) {
    const rule = inside(value, [...path, 'properties', name]);
    properties.push({ pair: pairOf(name, rule), isRequired: required.has(name) });
  }
  for (const name of required) {
    if (named.has(name)) continue;
    if (!others && schema.additionalProperties === false)
      throw new SchemaError([...path, 'required'], `${JSON.stringify(name)} is not among the properties`);
    properties.push({ pair: pairOf(name, others ?? rules.value), isRequired: true });
  }
  const keyOf = () =>
    allowed ? oneKey([...allowed].filter((name) => !names.has(name))) : otherKey(rules, names, path);
  const key = form.hasOthers && others ? keyOf() : undefined;
  const other = key && others && sequence(key, literal(':'), rules.space, others);
  const members = membersOf(rules, properties, other);
  return sequence(literal(form.open), rules.gap, members, literal(form.close));
}

/** All that may stand in the braces. */
function membersOf({ gap }: JsonRules, properties: readonly Property[], other: Rule | undefined): Rule {
  const comma = (pair: Rule) => sequence(literal(','), gap, pair);
  const others = other ? repeat(comma(other), 0, Infinity) : literal('');

  // after[i]: what may follow when some property before i is written
  const after: Rule[] = [];
  after[properties.length] = sequence(others, gap);
  for (let i = properties.length - 1; i >= 0; i--) {
    const { pair, isRequired } = properties[i]!;
    const next = after[i + 1]!;
    const rule = sequence(isRequired ? comma(pair) : optional(comma(pair)), next);
    after[i] = shared(() => rule);
  }

  const firstRequired = properties.findIndex(({ isRequired }) => isRequired);
  const mayBeFirst = firstRequired < 0 ? properties : properties.slice(0, firstRequired + 1);
  const begun = mayBeFirst.map(({ pair }, i) => sequence(pair, after[i + 1]!));
  if (firstRequired >= 0) return choice(begun);
  return choice([...begun, ...(other ? [sequence(other, others, gap)] : []), literal('')]);
}

/** A key that none of the properties has. */
function otherKey(rules: JsonRules, names: ReadonlySet<string>, path: Path): Rule {
  if (names.size === 0) return rules.string;
  const inside = within([...path, 'additionalProperties'], () => spell(noneOf([...names])));
  return shared(() => sequence(literal('"'), inside, literal('"')));
}

function oneKey(names: readonly string[]): Rule | undefined {
  return names.length === 0 ? undefined : anyLiteral(names.map((name) => JSON.stringify(name)));
}

/** The names that `propertyNames` lists; undefined where any name will do. */
function allowedNames({ propertyNames }: SchemaObject, path: Path): ReadonlySet<string> | undefined {
  if (propertyNames === undefined || propertyNames === true) return undefined;
  const at = [...path, 'propertyNames'];
  const schema = toSchemaObject(propertyNames, at);
  const isOfStrings = schema.type === undefined || schema.type === 'string';
  if (!isOfStrings || assertionsOf(schema).some((keyword) => keyword !== 'type' && keyword !== 'enum'))
    throw new SchemaError(at, 'is supported with the type "string" and an enum only');
  if (schema.enum === undefined) return undefined;
  return new Set(listOfAny(schema, 'enum', at).filter((name) => typeof name === 'string'));
}

function propertiesOf({ properties }: SchemaObject, path: Path): ReadonlyMap<string, unknown> {
  if (properties === undefined) return new Map();
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
    throw new SchemaError([...path, 'properties'], 'must be an object of schemas');
  return new Map(Object.entries(properties));
}

function requiredOf({ required }: SchemaObject, path: Path): ReadonlySet<string> {
  if (required === undefined) return new Set();
  if (!Array.isArray(required) || !required.every((name) => typeof name === 'string'))
    throw new SchemaError([...path, 'required'], 'must be a list of names');
  return new Set(required);
}
