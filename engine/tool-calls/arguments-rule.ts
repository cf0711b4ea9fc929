import type { JsonSchema, Tool } from '../../models/prompts/prompt.ts';
import { SchemaError } from '../errors.ts';
import { literal, type Rule, sequence } from '../grammar/rule.ts';
import type { ObjectForm } from '../grammar/schema/object-rule.ts';
import { schemaRule } from '../grammar/schema/schema-rule.ts';
import { isKeyword } from './keyword.ts';

const NO_PARAMETERS: JsonSchema = { type: 'object', additionalProperties: false };

const KEYWORDS: ObjectForm = {
  open: '',
  close: '',
  key: (name) => literal(`${name}=`),
  hasOthers: false,
};

/** A tool's arguments as JSON. Throws SchemaError, with a path in its parameters. */
export function jsonArguments({ parameters = NO_PARAMETERS }: Tool): Rule {
  return schemaRule(asObject(parameters), 'json');
}

/**
 * A tool's arguments as Python has them in brackets: `a=1, b="x"`, or `**{"a-b": 1}` where the parameters have other
 * names, or none that are known.
 *
 * Throws   SchemaError, with a path in its parameters
 */
export function pythonArguments({ parameters = NO_PARAMETERS }: Tool): Rule {
  const schema = asObject(parameters);
  return hasKeywords(schema)
    ? schemaRule(schema, 'python', KEYWORDS)
    : sequence(literal('**'), schemaRule(schema, 'python'));
}

const NOT_AT_TOP = ['$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const', 'nullable'];

/** Parameters that say nothing of their type are an object's all the same. */
function asObject(parameters: JsonSchema): JsonSchema {
  const other = NOT_AT_TOP.find((keyword) => parameters[keyword] !== undefined);
  if (other !== undefined)
    throw new SchemaError([other], 'is not supported at the top of parameters, which are an object');
  const { type = 'object' } = parameters;
  if (type !== 'object') throw new SchemaError(['type'], 'must be "object": arguments come by name');
  return { ...parameters, type };
}

function hasKeywords({ properties = {}, required = [], additionalProperties = false }: JsonSchema): boolean {
  if (typeof properties !== 'object' || properties === null || !Array.isArray(required)) return false;
  const names = [...Object.keys(properties), ...required];
  return names.every(isKeyword) && (names.length > 0 || additionalProperties === false);
}
