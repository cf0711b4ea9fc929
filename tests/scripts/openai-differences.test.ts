import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compareSchemas } from '../../scripts/compare-schemas.ts';
import { differencesTable, TABLE } from '../../scripts/openai-differences.ts';
import type { Schema, Schemas } from '../../scripts/schema-alternatives.ts';

test('docs/openai-differences.md is what the two documents and the reasons make', () => {
  expect(readFileSync(TABLE, 'utf8')).toBe(differencesTable()); // node scripts/openai-differences.ts
});

describe('compareSchemas()', () => {
  const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
    type: 'object',
    properties,
    required,
  });
  const string: Schema = { type: 'string' };
  const compare = (theirs: Schema, ours: Schema, schemas: Schemas = {}) =>
    compareSchemas('x', { schema: theirs, schemas }, { schema: ours, schemas }).map(
      ({ path, theirs, ours }) => `${path}: ${theirs} → ${ours}`,
    );

  test.each<[string, Schema, Schema, string[]]>([
    [
      'a property that is not there',
      object({ a: string, b: string }),
      object({ a: string }),
      ['x.b: string → –'],
    ],
    ['one that is only ours', object({}), object({ a: string }), ['x.a: – → string']],
    ['what is required', object({ a: string }), object({ a: string }, ['a']), ['x.a: optional → required']],
    ['another type', object({ a: string }), object({ a: { type: 'integer' } }), ['x.a: string → integer']],
    ['fewer values', { enum: ['a', 'b'] }, { const: 'a' }, ['x: "a", "b" → "a"']],
    ['values where any were', string, { type: 'string', enum: ['a'] }, ['x: any → "a"']],
    [
      'a bound',
      { type: 'integer', maximum: 128 },
      { type: 'integer', maximum: 1 },
      ['x: maximum 128 → maximum 1'],
    ],
    [
      'items',
      { type: 'array', items: string },
      { type: 'array', items: { not: {} } },
      ['x[]: string → nothing'],
    ],
    ['values of a map', map(string), map({ type: 'number' }), ['x.*: string → number']],
    ['null', { anyOf: [string, { type: 'null' }] }, string, ['x: null or string → string']],
  ])('sees %s', (_what, theirs, ours, expected) => {
    expect(compare(theirs, ours)).toEqual(expected);
    expect(compare(theirs, theirs)).toEqual([]);
  });

  test('tells the objects of a union apart by their tag, behind references too', () => {
    const text = object({ type: { const: 'text' }, text: string });
    const image = object({ type: { enum: ['image'] }, url: string });
    const schemas = { Text: text, Image: image };
    const both: Schema = {
      oneOf: [{ $ref: '#/components/schemas/Text' }, { $ref: '#/components/schemas/Image' }],
    };
    expect(compare(both, text, schemas)).toEqual(['x(type=image): object → –']);
    const longer = object({ type: { const: 'text' }, text: { type: 'string', minLength: 1 } });
    expect(compare(both, { anyOf: [longer, image] }, schemas)).toEqual([
      'x(type=text).text: no bounds → minLength 1',
    ]);
  });

  test('comes to an end where a schema holds itself', () => {
    const tree = object({ children: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } });
    const named = object({ ...tree.properties, name: string });
    const of = (Tree: Schema) => ({ schema: Tree, schemas: { Tree } });
    expect(compareSchemas('x', of(tree), of(named))).toEqual([
      { path: 'x.name', theirs: '–', ours: 'string' },
    ]);
  });

  function map(additionalProperties: Schema): Schema {
    return { type: 'object', additionalProperties };
  }
});
