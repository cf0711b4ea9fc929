// Schemas that ask for too much, or for what cannot be, are refused before they cost much; others are used, and stay cheap.
import { describe, expect, test } from 'vitest';
import { SchemaError } from '../../../engine/errors.ts';
import { createGrammars } from '../../../engine/grammar/grammars.ts';
import { schemaRule } from '../../../engine/grammar/schema/schema-rule.ts';
import { byteVocabulary } from '../../support/byte-vocabulary.ts';
import { randomPick, write } from '../../support/held-samples.ts';

const text = { type: 'string' };
const vocabulary = byteVocabulary();
const matcherOf = (schema: unknown) =>
  createGrammars(vocabulary).matcher('', () => schemaRule(schema, 'json'));

function refusal(schema: unknown): SchemaError {
  try {
    matcherOf(schema);
  } catch (error) {
    expect(error).toBeInstanceOf(SchemaError);
    return error as SchemaError;
  }
  throw new Error('it was not refused');
}

const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const named = (count: number, make: (i: number) => unknown) =>
  Object.fromEntries(many(count, (i) => [`p${i}`, make(i)]));
const nested = (depth: number) => many(depth, () => 0).reduce<unknown>((inside) => ({ items: inside }), text);
const object = (properties: Record<string, unknown>) => ({ type: 'object', properties });

describe('refused', () => {
  test.each<[string, unknown, string, string]>([
    ['deep', nested(33), `${many(33, () => 'items').join('.')}`, 'more than 32 deep'],
    ['very deep', nested(100_000), '', 'more than 100 deep'],
    ['of many values', { enum: many(1001, String) }, 'enum', 'more than 1000 values'],
    ['of too many values', { enum: many(30_000, Number) }, '', 'more than 20000 values'],
    [
      'of long values',
      { enum: many(500, (i) => `${i}${'x'.repeat(1000)}`) },
      '',
      'more than 400000 characters',
    ],
    ['of many properties', object(named(5001, () => true)), '', 'more than 5000 properties'],
    [
      'of long automata',
      object(named(60, (i) => ({ ...text, pattern: `^[a-z]{${900 + i}}$` }))),
      'properties.p21.pattern',
      'more than 20000 states',
    ],
    [
      'of many steps',
      object(named(2, (i) => ({ type: 'integer', multipleOf: 990 + i }))),
      'properties.p1',
      'more than 20000 states',
    ],
    ['a wide step', { type: 'integer', multipleOf: 1001 }, 'multipleOf', 'more than 1000 steps'],
    ['a fine step', { type: 'number', multipleOf: 1e-15 }, 'multipleOf', 'decimal places'],
    ['itself', { $ref: '#' }, '', 'nothing that could be written'],
    [
      'two that are each other',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
      '',
      'nothing that could be written',
    ],
    [
      'itself, or something',
      { anyOf: [{ $ref: '#' }, text] },
      '',
      'refers to itself with nothing in between',
    ],
    [
      'itself for ever',
      { ...object({ a: { $ref: '#' } }), required: ['a'] },
      '',
      'nothing that could be written',
    ],
    [
      'items without an end',
      { type: 'array', items: { $ref: '#' }, minItems: 1 },
      '',
      'nothing that could be written',
    ],
    ['never', { ...object({ a: false }), required: ['a'] }, '', 'nothing that could be written'],
    ['no number', { type: 'integer', minimum: 3.2, maximum: 3.8 }, '', 'allows no number'],
    [
      'numbers too large',
      object({ n: { type: 'number', minimum: 1e300 } }),
      'properties.n',
      'allows no number',
    ],
    ['no text', { ...text, pattern: '^a$', minLength: 2 }, 'pattern', 'allows no text'],
    ['no length', { ...text, minLength: 2, maxLength: 1 }, 'minLength', 'more than maxLength'],
    ['no count', { type: 'array', items: false, minItems: 1 }, 'minItems', 'more than the 0 items'],
    ['no value of its type', { ...text, enum: [1, 2] }, 'enum', 'no value of the type'],
  ])('%s', (_, schema, path, message) => {
    const error = refusal(schema);
    expect(error.path.join('.')).toBe(path);
    expect(error.message).toContain(message);
  });

  test.each<[unknown, string, string]>([
    [{ not: text }, 'not', '"not" is not supported'],
    [{ oneOf: [text, { ...text, maxLength: 3 }] }, 'oneOf.1', 'not told from schema 0'],
    [
      { oneOf: [object({ k: { const: 1 } }), object({ k: { const: 2 } })] },
      'oneOf.1',
      'not told from schema 0',
    ],
    [{ oneOf: [{ const: { a: 1, b: 2 } }, { const: { b: 2, a: 1 } }] }, 'oneOf.1', 'not told from schema 0'],
    [{ oneOf: many(101, (i) => ({ const: i })) }, 'oneOf', 'more than 100 schemas'],
    [{ if: {} }, 'if', '"if" is not supported'],
    [{ type: 'object', patternProperties: {} }, 'patternProperties', 'not supported'],
    [{ type: 'object', minProperties: 1 }, 'minProperties', 'not supported'],
    [{ type: 'object', propertyNames: { pattern: '^a' } }, 'propertyNames', 'an enum only'],
    [
      { type: 'object', propertyNames: { enum: ['a'] }, required: ['b'] },
      'propertyNames',
      'leaves out the property "b"',
    ],
    [{ type: 'object', dependentRequired: {} }, 'dependentRequired', 'not supported'],
    [{ type: 'array', uniqueItems: true }, 'uniqueItems', 'not supported'],
    [{ type: 'array', contains: {} }, 'contains', 'not supported'],
    [object({ a: { items: { $anchor: 'x' } } }), 'properties.a.items.$anchor', 'not supported'],
    [{ allOf: [text, text] }, 'allOf', 'one schema only'],
    [{ anyOf: [text], type: 'string' }, 'type', 'not supported beside "anyOf"'],
    [{ $ref: '#/$defs/a', minLength: 1, $defs: { a: text } }, 'minLength', 'not supported beside "$ref"'],
    [{ enum: ['a'], pattern: 'a' }, 'pattern', 'not supported beside "enum"'],
    [{ $ref: 'https://example.com/x' }, '$ref', 'only references within the schema'],
    [{ $ref: '#/$defs/nowhere' }, '$ref', 'leads nowhere'],
    [{ $ref: '#/constructor' }, '$ref', 'leads nowhere'],
    [{ $ref: 3 }, '$ref', 'must be a string'],
    [{ ...text, format: 'iri' }, 'format', '"iri" is not supported; there is date-time'],
    [{ ...text, format: 'iri', pattern: 'a' }, 'format', '"iri" is not supported'],
    [{ ...text, format: 'lowercase' }, 'format', '"lowercase" is not supported'],
    [{ ...text, pattern: 'b(?=a)' }, 'pattern', 'lookahead is supported right after'],
    [{ ...text, minLength: -1 }, 'minLength', 'whole number'],
    [{ ...text, maxLength: '3' }, 'maxLength', 'whole number'],
    [{ type: 'integer', exclusiveMinimum: true }, 'exclusiveMinimum', 'must be a number'],
    [{ type: 'integer', multipleOf: 0 }, 'multipleOf', 'more than 0'],
    [{ type: 'any' }, 'type', 'must be one or some of object, array'],
    [{ type: [] }, 'type', 'must be one or some of'],
    [{ type: 'object', properties: [] }, 'properties', 'object of schemas'],
    [object({ a: 3 }), 'properties.a', 'must be a schema'],
    [{ type: 'object', required: 'a' }, 'required', 'list of names'],
    [
      { ...object({}), required: ['b'], additionalProperties: false },
      'required',
      '"b" is not among the properties',
    ],
    [{ anyOf: [] }, 'anyOf', 'at least one'],
    [{ enum: {} }, 'enum', 'at least one'],
  ])('by name: %j', (schema, path, message) => {
    const error = refusal(schema);
    expect(error.path.join('.')).toBe(path);
    expect(error.message).toContain(message);
  });
});

describe('used', () => {
  const doubling = (depth: number) => ({
    $ref: '#/$defs/d0',
    $defs: Object.fromEntries([
      ...many(depth, (i) => [
        `d${i}`,
        {
          anyOf: [1, 2, 3].map((most) => ({
            type: 'array',
            items: { $ref: `#/$defs/d${i + 1}` },
            maxItems: most,
          })),
        },
      ]),
      [`d${depth}`, { type: 'null' }],
    ]),
  });
  test.each<[string, unknown]>([
    ['alternatives in alternatives, 3^30 ways', doubling(30)],
    [
      'alternatives that begin alike',
      { anyOf: many(500, (i) => object({ same: text, [`k${i}`]: { const: i } })) },
    ],
    [
      'a long chain of references',
      {
        $ref: '#/$defs/c0',
        $defs: Object.fromEntries(
          many(3000, (i) => [`c${i}`, i === 2999 ? text : { $ref: `#/$defs/c${i + 1}` }]),
        ),
      },
    ],
    [
      'a chain in the other order',
      {
        anyOf: many(2000, (i) => ({ $ref: `#/$defs/c${i}` })),
        $defs: Object.fromEntries(
          many(2000, (i) => [`c${i}`, i === 0 ? text : { $ref: `#/$defs/c${i - 1}` }]),
        ),
      },
    ],
    ['a pattern that others backtrack on', { ...text, pattern: '^(a+)+$' }],
    ['a pattern read in many ways', { ...text, pattern: '^((a|aa|aaa)*)*b$' }],
    ['long strings and lists', { type: 'array', items: { ...text, maxLength: 1e9 }, maxItems: 1e9 }],
    [
      'many required properties',
      { ...object(named(2000, () => ({ type: 'null' }))), required: many(2000, (i) => `p${i}`) },
    ],
    ['others beside many properties', { ...object(named(300, () => true)), additionalProperties: true }],
    ['one pattern many times', object(named(400, () => ({ ...text, format: 'email' })))],
  ])('%s', (_, schema) => {
    const matcher = matcherOf(schema);
    const { bytes } = write(matcher, vocabulary, randomPick(vocabulary, 3), 200);
    expect(bytes.length).toBeGreaterThan(0);
  });
});
