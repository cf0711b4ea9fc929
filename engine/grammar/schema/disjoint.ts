import { isOfType } from './values.ts';

type Json = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';
const JSON_TYPES: readonly Json[] = ['object', 'array', 'string', 'number', 'boolean', 'null'];

/**
 * Whether no value meets both schemas, as far as that is easily seen: they differ in type, in constants, or in the
 * constants of a property that both require. `resolve` gives what a `$ref` points at.
 */
export function areDisjoint(a: unknown, b: unknown, resolve: (schema: unknown) => unknown): boolean {
  const [left, right] = [resolve(a), resolve(b)];
  if (!isSchema(left) || !isSchema(right) || left.nullable === true || right.nullable === true) return false;
  if (!haveCommon(typesOf(left), typesOf(right))) return true;

  const [leftValues, rightValues] = [constantsOf(left), constantsOf(right)];
  if (leftValues && rightValues) return !haveCommon(leftValues, rightValues);
  if (!isOnly('object', left) || !isOnly('object', right)) return false;
  const [mine, its] = [propertiesOf(left), propertiesOf(right)];
  return requiredOf(left).some((name) => {
    const isShared =
      Object.hasOwn(mine, name) && Object.hasOwn(its, name) && requiredOf(right).includes(name);
    return isShared && areConstantsApart(resolve(mine[name]), resolve(its[name]));
  });
}

function areConstantsApart(a: unknown, b: unknown): boolean {
  if (!isSchema(a) || !isSchema(b) || a.nullable === true || b.nullable === true) return false;
  const [left, right] = [constantsOf(a), constantsOf(b)];
  return left !== undefined && right !== undefined && !haveCommon(left, right);
}

type Schema = Readonly<Record<string, unknown>>;

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOnly(type: Json, schema: Schema): boolean {
  const types = typesOf(schema);
  return types.length === 1 && types[0] === type;
}

/** What a value may be; anything, where that is not said. */
function typesOf(schema: Schema): readonly Json[] {
  const constants = schema.const === undefined ? schema.enum : [schema.const];
  if (Array.isArray(constants))
    return JSON_TYPES.filter((type) => constants.some((value) => isOfType(value, type)));
  if (schema.type === undefined) return JSON_TYPES;
  const names = Array.isArray(schema.type) ? schema.type : [schema.type];
  return JSON_TYPES.filter(
    (type) => names.includes(type) || (type === 'number' && names.includes('integer')),
  );
}

/** Those that are all it allows; undefined where some are lists or objects, which are equal in many spellings. */
function constantsOf({ const: one, enum: some }: Schema): readonly unknown[] | undefined {
  const values = one === undefined ? some : [one];
  if (!Array.isArray(values)) return undefined;
  return values.some((value) => typeof value === 'object' && value !== null) ? undefined : values;
}

function propertiesOf({ properties }: Schema): Schema {
  return isSchema(properties) ? properties : {};
}

function requiredOf({ required }: Schema): readonly string[] {
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

function haveCommon<T>(a: readonly T[], b: readonly T[]): boolean {
  const all = new Set(a);
  return b.some((value) => all.has(value));
}
