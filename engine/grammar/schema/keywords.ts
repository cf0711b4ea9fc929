// Reading a schema's keywords: each is there in its right type, or not there, or refused by its path.
import { SchemaError } from '../../errors.ts';

export type Path = readonly (string | number)[];
export type SchemaObject = Readonly<Record<string, unknown>>;

export type TypeName = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

/** The keywords of each type. A schema without `type` has that of its keywords. */
export const KEYWORDS_OF: ReadonlyMap<TypeName, readonly string[]> = new Map([
  ['object', ['properties', 'required', 'additionalProperties', 'propertyNames']],
  ['array', ['items', 'prefixItems', 'minItems', 'maxItems']],
  ['string', ['minLength', 'maxLength', 'pattern', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
]);
const TYPE_NAMES: readonly TypeName[] = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];

/** They say nothing of what may be written. */
const ANNOTATIONS = [
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...[
    '$schema',
    '$id',
    '$comment',
    '$defs',
    'definitions',
    'contentEncoding',
    'contentMediaType',
    'discriminator',
  ],
];
const APPLIED = ['type', 'nullable', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', 'uniqueItems'];
const KNOWN = new Set([...ANNOTATIONS, ...APPLIED, ...[...KEYWORDS_OF.values()].flat()]);

/** Those that narrow what may be written. */
export function assertionsOf(schema: SchemaObject): string[] {
  return Object.keys(schema).filter((keyword) => !ANNOTATIONS.includes(keyword));
}

/** Whether it allows nothing: `false`, or that in an object. */
export function isNever(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return schema === false;
  const { not, ...others } = schema as SchemaObject;
  const isAny = not === true || (typeof not === 'object' && not !== null && Object.keys(not).length === 0);
  return isAny && assertionsOf(others).length === 0;
}

/** The schema as an object of known keywords. Throws SchemaError. */
export function toSchemaObject(schema: unknown, path: Path): SchemaObject {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new SchemaError(path, 'must be a schema: an object or a boolean');
  for (const [keyword, value] of Object.entries(schema))
    if (!KNOWN.has(keyword) || (keyword === 'uniqueItems' && value !== false))
      throw new SchemaError([...path, keyword], `the keyword ${JSON.stringify(keyword)} is not supported`);
  return schema as SchemaObject;
}

/** Refuses keywords that would narrow what another already says in full. */
export function onlyBeside(
  keyword: string,
  allowed: readonly string[],
  schema: SchemaObject,
  path: Path,
): void {
  for (const other of assertionsOf(schema))
    if (other !== keyword && !allowed.includes(other))
      throw new SchemaError([...path, other], `is not supported beside ${JSON.stringify(keyword)}`);
}

/** Undefined when neither `type` nor any keyword of a type is there. */
export function typesOf(schema: SchemaObject, path: Path): readonly TypeName[] | undefined {
  const { type } = schema;
  if (type === undefined) {
    const implied = [...KEYWORDS_OF].flatMap(([name, keywords]) =>
      keywords.some((keyword) => schema[keyword] !== undefined) ? [name] : [],
    );
    return implied.length === 0 ? undefined : implied;
  }
  const names = Array.isArray(type) ? type : [type];
  if (names.length === 0 || !names.every((name) => TYPE_NAMES.includes(name)))
    throw new SchemaError([...path, 'type'], `must be one or some of ${TYPE_NAMES.join(', ')}`);
  return [...new Set<TypeName>(names)];
}

export function countOf(schema: SchemaObject, keyword: string, path: Path): number | undefined {
  const value = schema[keyword];
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number;
  throw new SchemaError([...path, keyword], 'must be a whole number, 0 or more');
}

export function numberOf(schema: SchemaObject, keyword: string, path: Path): number | undefined {
  const value = schema[keyword];
  if (value === undefined || Number.isFinite(value)) return value as number;
  throw new SchemaError([...path, keyword], 'must be a number');
}

export function textOf(schema: SchemaObject, keyword: string, path: Path): string | undefined {
  const value = schema[keyword];
  if (value === undefined || typeof value === 'string') return value;
  throw new SchemaError([...path, keyword], 'must be a string');
}

export function booleanOf(schema: SchemaObject, keyword: string, path: Path): boolean | undefined {
  const value = schema[keyword];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new SchemaError([...path, keyword], 'must be true or false');
}

export function listOfAny(schema: SchemaObject, keyword: string, path: Path): readonly unknown[] {
  const value = schema[keyword];
  if (Array.isArray(value) && value.length > 0) return value;
  throw new SchemaError([...path, keyword], 'must be a list of at least one');
}
