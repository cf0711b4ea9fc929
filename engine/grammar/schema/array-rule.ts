import { SchemaError } from '../../errors.ts';
import { type JsonRules, listOf } from '../json-rules.ts';
import { literal, optional, type Rule, repeat, sequence } from '../rule.ts';
import { countOf, listOfAny, type Path, type SchemaObject } from './keywords.ts';
import type { WriteSchema } from './schema-rule.ts';

/** Arrays: what `prefixItems` says of the first items, `items` of the others; anything where neither is there. */
export function arrayRule(rules: JsonRules, schema: SchemaObject, path: Path, inside: WriteSchema): Rule {
  const { items } = schema;
  const min = countOf(schema, 'minItems', path) ?? 0;
  const first = schema.prefixItems === undefined ? [] : listOfAny(schema, 'prefixItems', path);
  const most = countOf(schema, 'maxItems', path) ?? Infinity;
  const max = items === false ? Math.min(most, first.length) : most;
  if (min > max) throw new SchemaError([...path, 'minItems'], `is more than the ${max} items there may be`);

  const brackets = { open: '[', close: ']', gap: rules.gap };
  const rest =
    items === undefined ? rules.value : items === false ? undefined : inside(items, [...path, 'items']);
  if (first.length === 0) return listOf(brackets, rest ?? rules.value, min, rest ? max : 0);

  const leading = first.slice(0, max).map((item, i) => inside(item, [...path, 'prefixItems', i]));
  let tail = rest
    ? repeat(comma(rest), Math.max(0, min - leading.length), max - leading.length)
    : literal('');
  for (let i = leading.length - 1; i >= 0; i--) {
    const item = sequence(i === 0 ? leading[i]! : comma(leading[i]!), tail);
    tail = i < min ? item : optional(item);
  }
  return sequence(literal('['), rules.gap, tail, rules.gap, literal(']'));

  function comma(item: Rule): Rule {
    return sequence(literal(','), rules.gap, item);
  }
}
