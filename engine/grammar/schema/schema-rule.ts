import { SchemaError } from '../../errors.ts';
import { anyLiteral, type Dialect, jsonRules } from '../json-rules.ts';
import { choice, type Rule, shared } from '../rule.ts';
import { within } from '../within.ts';
import { arrayRule } from './array-rule.ts';
import { checkSize } from './check-size.ts';
import { areDisjoint } from './disjoint.ts';
import {
  booleanOf,
  countOf,
  isNever,
  listOfAny,
  numberOf,
  onlyBeside,
  type Path,
  type SchemaObject,
  type TypeName,
  textOf,
  toSchemaObject,
  typesOf,
} from './keywords.ts';
import { numberRule } from './number-rule.ts';
import { type ObjectForm, objectRule } from './object-rule.ts';
import { followReferences, resolvePointer } from './pointer.ts';
import { stringRule } from './string-rule.ts';
import { isOfType, writeValue } from './values.ts';

/** Writes a schema inside another as a rule. */
export type WriteSchema = (schema: unknown, path: Path) => Rule;

const MAX_DEPTH = 32; // schemas in schemas
const MAX_ENUM_VALUES = 1000; // OpenAI's
const MAX_PROPERTIES = 5000; // OpenAI's
const MAX_ONE_OF = 100; // each is compared with each
const MAX_BOUND_STATES = 20_000; // of all automata for strings and numbers

/**
 * The values that a JSON schema allows, as they may be written; objects that it is itself a schema of in `form`.
 *
 * Throws   SchemaError, with the path of a keyword that is not supported, or wrong
 */
export function schemaRule(schema: unknown, dialect: Dialect, form?: ObjectForm): Rule {
  checkSize(schema);
  const rules = jsonRules(dialect);
  const targets = new Map<
    string,
    { rule: Rule | undefined; readonly path: Path; readonly schema: unknown }
  >();
  const written = new Map<string, Rule>(); // by bounds
  let states = 0;
  let enumValues = 0;
  let properties = 0;

  function write(schema: unknown, path: Path, depth: number, form?: ObjectForm): Rule {
    if (depth > MAX_DEPTH) throw new SchemaError(path, `is a schema nested more than ${MAX_DEPTH} deep`);
    if (isNever(schema)) return choice([]);
    if (schema === true) return rules.value;
    const object = toSchemaObject(schema, path);
    const rule = writeObject(object, path, (inside, at) => write(inside, at, depth + 1), form);
    return booleanOf(object, 'nullable', path) ? choice([rule, rules.null]) : rule;
  }

  function writeObject(schema: SchemaObject, path: Path, inside: WriteSchema, form?: ObjectForm): Rule {
    if (schema.$ref !== undefined) {
      onlyBeside('$ref', ['nullable'], schema, path);
      return reference(textOf(schema, '$ref', path)!, [...path, '$ref']);
    }
    if (schema.enum !== undefined || schema.const !== undefined) return valuesRule(schema, path);
    if (schema.anyOf !== undefined) {
      onlyBeside('anyOf', ['nullable'], schema, path);
      return choice(listOfAny(schema, 'anyOf', path).map((part, i) => inside(part, [...path, 'anyOf', i])));
    }
    if (schema.oneOf !== undefined) {
      onlyBeside('oneOf', ['nullable'], schema, path);
      const parts = listOfAny(schema, 'oneOf', path);
      checkDisjoint(parts, [...path, 'oneOf']);
      return choice(parts.map((part, i) => inside(part, [...path, 'oneOf', i])));
    }
    if (schema.allOf !== undefined) {
      onlyBeside('allOf', ['nullable'], schema, path);
      const [only, ...more] = listOfAny(schema, 'allOf', path);
      if (more.length > 0) throw new SchemaError([...path, 'allOf'], 'is supported with one schema only');
      return inside(only, [...path, 'allOf', 0]);
    }
    const types = typesOf(schema, path);
    return types ? choice(types.map((type) => typeRule(type, schema, path, inside, form))) : rules.value;
  }

  function typeRule(
    type: TypeName,
    schema: SchemaObject,
    path: Path,
    inside: WriteSchema,
    form?: ObjectForm,
  ): Rule {
    switch (type) {
      case 'object': {
        const rule = objectRule(rules, schema, path, inside, form);
        properties += Object.keys(schema.properties ?? {}).length;
        if (properties > MAX_PROPERTIES)
          throw new SchemaError(path, `brings the schema to more than ${MAX_PROPERTIES} properties`);
        return shared(() => rule);
      }
      case 'array': {
        const rule = arrayRule(rules, schema, path, inside);
        return shared(() => rule);
      }
      case 'string':
        return within(path, () => once(stringBounds(schema), (bounds) => stringRule(rules, bounds, spend)));
      case 'number':
      case 'integer':
        return within(path, () =>
          once(numberBounds(type === 'integer', schema), (bounds) => numberRule(rules, bounds, spend)),
        );
      case 'boolean':
        return rules.boolean;
      case 'null':
        return rules.null;
    }
  }

  /** What many properties ask for alike is written once. */
  function once<B>(bounds: B, make: (bounds: B) => Rule): Rule {
    const key = JSON.stringify(bounds);
    const known = written.get(key);
    if (known) return known;
    const made = make(bounds);
    const rule = shared(() => made);
    written.set(key, rule);
    return rule;
  }

  function spend(count: number): void {
    states += count;
    if (states > MAX_BOUND_STATES)
      throw new SchemaError(
        [],
        `brings the schema's patterns and bounds to more than ${MAX_BOUND_STATES} states`,
      );
  }

  /** `enum` or `const`, less what `type` rules out. */
  function valuesRule(schema: SchemaObject, path: Path): Rule {
    const keyword = schema.const === undefined ? 'enum' : 'const';
    onlyBeside(keyword, ['type', 'nullable'], schema, path);
    const all = keyword === 'const' ? [schema.const] : listOfAny(schema, 'enum', path);
    enumValues += all.length;
    if (enumValues > MAX_ENUM_VALUES)
      throw new SchemaError([...path, keyword], `brings the schema to more than ${MAX_ENUM_VALUES} values`);

    const types = schema.type === undefined ? undefined : typesOf(schema, path);
    const values = all.filter((value) => !types || types.some((type) => isOfType(value, type)));
    if (values.length === 0) throw new SchemaError([...path, keyword], 'has no value of the type beside it');
    return anyLiteral(values.map((value) => writeValue(value, dialect)));
  }

  /** No value may meet two of them: then one of them is any of them. */
  function checkDisjoint(parts: readonly unknown[], path: Path): void {
    if (parts.length > MAX_ONE_OF) throw new SchemaError(path, `has more than ${MAX_ONE_OF} schemas`);
    for (const [i, part] of parts.entries())
      for (let j = 0; j < i; j++)
        if (!areDisjoint(parts[j], part, (inside) => followReferences(root, inside)))
          throw new SchemaError(
            [...path, i],
            `is not told from schema ${j} by its type, or by a constant of a property that both require`,
          );
  }

  /** What it refers to is written once, later: it may refer to this. */
  function reference(pointer: string, path: Path): Rule {
    const target = targets.get(pointer) ?? { rule: undefined, ...resolvePointer(root, pointer, path) };
    targets.set(pointer, target);
    return shared(() => target.rule!);
  }

  const root = schema;
  const rule = write(schema, [], 0, form);
  for (const target of targets.values()) target.rule = write(target.schema, target.path, 0); // and those found on the way
  return rule;
}

function stringBounds(schema: SchemaObject) {
  return {
    minLength: countOf(schema, 'minLength', []),
    maxLength: countOf(schema, 'maxLength', []),
    pattern: textOf(schema, 'pattern', []),
    format: textOf(schema, 'format', []),
  };
}

function numberBounds(isInteger: boolean, schema: SchemaObject) {
  const bounds = {
    minimum: numberOf(schema, 'minimum', []),
    maximum: numberOf(schema, 'maximum', []),
    exclusiveMinimum: numberOf(schema, 'exclusiveMinimum', []),
    exclusiveMaximum: numberOf(schema, 'exclusiveMaximum', []),
    multipleOf: numberOf(schema, 'multipleOf', []),
  };
  if (bounds.multipleOf !== undefined && bounds.multipleOf <= 0)
    throw new SchemaError(['multipleOf'], 'must be more than 0');
  return { isInteger, ...bounds };
}
