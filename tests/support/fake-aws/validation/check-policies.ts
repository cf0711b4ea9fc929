/** Policy documents that IAM would call malformed. */
import { intrinsic } from '../cloudformation/intrinsics.ts';
import type { Template } from '../cloudformation/template.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';

/** Whom it is for decides what a statement must and must not say. */
type Kind = 'identity' | 'resource' | 'itself';

const IDENTITY_TYPES = new Set([
  'AWS::IAM::Policy',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Role',
  'AWS::IAM::User',
  'AWS::IAM::Group',
]);
const DOCUMENTS = new Set([
  'PolicyDocument',
  'AssumeRolePolicyDocument',
  'KeyPolicy',
  'RepositoryPolicyText',
]);
/** They hold for what they stand in: a role, a repository. */
const ITSELF = new Set(['AssumeRolePolicyDocument', 'RepositoryPolicyText']);
const VERSIONS = ['2012-10-17', '2008-10-17'];
const KEYS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);
const OPERATOR =
  /^(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals|Like)(IgnoreCase)?|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like)|Null)(IfExists)?$/;
const ACTION = /^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/;

export function checkPolicies({ Resources }: Template): string[] {
  return Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) =>
    [...documents(Properties)].flatMap(({ key, document }) => {
      const kind = ITSELF.has(key) ? 'itself' : IDENTITY_TYPES.has(Type) ? 'identity' : 'resource';
      return checkDocument(document, kind).map((problem) => `${id} (${Type}): ${key}: ${problem}`);
    }),
  );
}

function* documents(value: Json): Generator<{ readonly key: string; readonly document: JsonObject }> {
  if (Array.isArray(value)) for (const item of value) yield* documents(item);
  else if (isObject(value))
    for (const [key, inner] of Object.entries(value))
      if (DOCUMENTS.has(key) && isObject(inner) && !intrinsic(inner)) yield { key, document: inner };
      else yield* documents(inner);
}

function checkDocument({ Version, Statement }: JsonObject, kind: Kind): string[] {
  const statements = Array.isArray(Statement) ? Statement : [Statement];
  return [
    ...(Version === undefined || VERSIONS.includes(String(Version)) ? [] : [`Version ${Version} is none`]),
    ...(statements.length === 0 ? ['Statement is empty'] : []),
    ...statements.flatMap((statement, i) =>
      branches(statement)
        .flatMap((one) => (isObject(one) ? checkStatement(one, kind) : ['must be an object']))
        .map((problem) => `Statement.${i}: ${problem}`),
    ),
  ];
}

/** What a statement may be: either side of an `Fn::If`, but for nothing. */
function branches(statement: Json): readonly Json[] {
  const call = intrinsic(statement);
  if (call?.name !== 'Fn::If' || !Array.isArray(call.argument)) return call ? [] : [statement];
  return call.argument.slice(1).flatMap(branches);
}

function checkStatement(statement: JsonObject, kind: Kind): string[] {
  const exactlyOne = (...keys: string[]) =>
    keys.filter((key) => statement[key] !== undefined).length === 1
      ? []
      : [`needs one of ${keys.join(', ')}`];
  const none = (...keys: string[]) =>
    keys.filter((key) => statement[key] !== undefined).map((key) => `${key} has no place here`);
  return [
    ...Object.keys(statement)
      .filter((key) => !KEYS.has(key))
      .map((key) => `${key} is unknown`),
    ...(statement.Effect === 'Allow' || statement.Effect === 'Deny' ? [] : ['Effect must be Allow or Deny']),
    ...exactlyOne('Action', 'NotAction'),
    ...(kind === 'identity' ? none('Principal', 'NotPrincipal') : exactlyOne('Principal', 'NotPrincipal')),
    ...(kind === 'itself' ? none('Resource', 'NotResource') : exactlyOne('Resource', 'NotResource')),
    ...literals(statement.Action ?? statement.NotAction)
      .filter((action) => !ACTION.test(action))
      .map((action) => `'${action}' is no action`),
    ...literals(statement.Resource ?? statement.NotResource)
      .filter((arn) => arn !== '*' && !arn.startsWith('arn:'))
      .map((arn) => `'${arn}' is no ARN`),
    ...Object.keys(
      isObject(statement.Condition) && !intrinsic(statement.Condition) ? statement.Condition : {},
    )
      .filter((operator) => !OPERATOR.test(operator))
      .map((operator) => `'${operator}' is no operator of a condition`),
  ];
}

/** What is written out; what functions come to is not known yet. */
const literals = (value: Json): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
