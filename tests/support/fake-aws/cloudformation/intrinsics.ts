/** The functions of a template: what they mention, and what they come to. */
import { AwsError, validationError } from '../errors.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';

export interface Intrinsic {
  readonly name: string;
  readonly argument: Json;
}

/** Undefined for what is plain data. */
export function intrinsic(value: Json): Intrinsic | undefined {
  if (!isObject(value)) return undefined;
  const [name, ...others] = Object.keys(value);
  if (name === undefined || others.length > 0) return undefined;
  return name === 'Ref' || name.startsWith('Fn::') ? { name, argument: value[name] } : undefined;
}

export type Mention =
  | { readonly type: 'ref'; readonly name: string }
  | { readonly type: 'attribute'; readonly name: string; readonly attribute: string }
  | { readonly type: 'condition'; readonly name: string }
  | { readonly type: 'mapping'; readonly name: string }
  | { readonly type: 'unknown function'; readonly name: string };

const PLACEHOLDER = /\$\{([^!}]+)\}/g;
const PLAIN = new Set(
  [
    ...['Base64', 'Cidr', 'Equals', 'Not', 'And', 'Or', 'Contains', 'GetAZs', 'ImportValue', 'Join'],
    ...['Select', 'Split', 'Length', 'ToJsonString'],
  ].map((name) => `Fn::${name}`),
);

/** What stands elsewhere in the template and `value` needs. */
export function* mentions(value: Json): Generator<Mention> {
  if (Array.isArray(value)) for (const item of value) yield* mentions(item);
  else if (isObject(value)) {
    const call = intrinsic(value);
    if (call) yield* mentionsOf(call);
    for (const inner of Object.values(value)) yield* mentions(inner);
  }
}

function* mentionsOf({ name, argument }: Intrinsic): Generator<Mention> {
  switch (name) {
    case 'Ref':
      return yield { type: 'ref', name: String(argument) };
    case 'Fn::GetAtt': {
      const [of, attribute] = attributeOf(argument);
      return yield { type: 'attribute', name: of, attribute };
    }
    case 'Fn::Sub': {
      const [text, own] = substitution(argument);
      for (const [, inner] of text.matchAll(PLACEHOLDER)) {
        if (inner! in own) continue;
        const [of, ...attribute] = inner!.split('.');
        yield attribute.length === 0
          ? { type: 'ref', name: of! }
          : { type: 'attribute', name: of!, attribute: attribute.join('.') };
      }
      return;
    }
    case 'Fn::If':
      return yield { type: 'condition', name: String(list(argument)[0]) };
    case 'Fn::FindInMap':
      return yield { type: 'mapping', name: String(list(argument)[0]) };
    default:
      if (!PLAIN.has(name)) yield { type: 'unknown function', name };
  }
}

/** Where names get their values from. */
export interface Scope {
  readonly ref: (name: string) => Json;
  readonly attribute: (name: string, attribute: string) => Json;
  readonly condition: (name: string) => Json;
  readonly mapping: (name: string) => JsonObject;
  readonly imported: (name: string) => string;
  readonly zones: readonly string[];
}

/**
 * `value` with every function replaced by what it comes to.
 *
 * Throws   AwsError for an argument that is not one
 */
export function resolve(value: Json, scope: Scope): Json {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, scope)).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  const call = intrinsic(value);
  if (call) return evaluate(call, scope);
  if (typeof value.Condition === 'string' && Object.keys(value).length === 1)
    return scope.condition(value.Condition);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, resolve(inner, scope)] as const)
      .filter(([, inner]) => inner !== undefined),
  );
}

function evaluate({ name, argument }: Intrinsic, scope: Scope): Json {
  const of = (value: Json) => resolve(value, scope);
  switch (name) {
    case 'Ref':
      return scope.ref(String(argument));
    case 'Fn::GetAtt':
      return scope.attribute(...attributeOf(argument));
    case 'Fn::If': {
      const [condition, yes, no] = list(argument);
      return of(scope.condition(String(condition)) ? yes : no);
    }
    case 'Fn::Sub': {
      const [text, own] = substitution(argument);
      return text
        .replace(PLACEHOLDER, (_, inner: string) => {
          if (inner in own) return String(of(own[inner]));
          const [id, ...attribute] = inner.split('.');
          return String(attribute.length === 0 ? scope.ref(id!) : scope.attribute(id!, attribute.join('.')));
        })
        .replaceAll('${!', '${');
    }
    case 'Fn::ImportValue':
      return scope.imported(String(of(argument)));
    case 'Fn::GetAZs':
      return scope.zones;
    case 'Fn::Base64':
      return Buffer.from(String(of(argument))).toString('base64');
    case 'Fn::ToJsonString':
      return JSON.stringify(of(argument));
    default:
      return evaluateList(name, list(of(argument)), scope);
  }
}

function evaluateList(name: string, values: readonly Json[], scope: Scope): Json {
  const [first, second, third] = values;
  switch (name) {
    case 'Fn::Join':
      return list(second).join(String(first));
    case 'Fn::Split':
      return String(second).split(String(first));
    case 'Fn::Select': {
      const found = list(second)[Number(first)];
      if (found === undefined) throw validationError(`Fn::Select: there is no element ${first}`);
      return found;
    }
    case 'Fn::Length':
      return values.length;
    case 'Fn::Equals':
      return String(first) === String(second);
    case 'Fn::Not':
      return !first;
    case 'Fn::And':
      return values.every(Boolean);
    case 'Fn::Or':
      return values.some(Boolean);
    case 'Fn::Contains':
      return list(first).map(String).includes(String(second));
    case 'Fn::FindInMap': {
      const row = scope.mapping(String(first))[String(second)];
      const found = isObject(row) ? row[String(third)] : undefined;
      if (found === undefined) throw validationError(`Fn::FindInMap: no ${second}.${third} in ${first}`);
      return found;
    }
    case 'Fn::Cidr': // one block after the other, each /24: enough for subnets that must differ
      return Array.from({ length: Number(second) }, (_, i) =>
        String(first).replace(/\d+\.\d+\/\d+$/, `${i}.0/24`),
      );
    default:
      throw new AwsError('ValidationError', `Template error: ${name} is no function`);
  }
}

function attributeOf(argument: Json): [name: string, attribute: string] {
  const [name, ...attribute] =
    typeof argument === 'string' ? argument.split('.') : list(argument).map(String);
  return [name!, attribute.join('.')];
}

function substitution(argument: Json): [text: string, own: JsonObject] {
  if (typeof argument === 'string') return [argument, {}];
  const [text, own] = list(argument);
  return [String(text), isObject(own) ? own : {}];
}

function list(value: Json): readonly Json[] {
  if (!Array.isArray(value))
    throw validationError(`Template error: expected a list, not ${JSON.stringify(value)}`);
  return value;
}
