import { jsonRules } from './json-rules.ts';
import type { Rule } from './rule.ts';
import { schemaRule } from './schema/schema-rule.ts';

/** A JSON schema, as it came: nothing in it has been looked at. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a whole reply has to be. */
export type Format =
  | { readonly type: 'json' }
  | { readonly type: 'json_schema'; readonly schema: JsonSchema };

/** Throws   SchemaError */
export function formatRule(format: Format): Rule {
  return format.type === 'json' ? jsonRules('json').object : schemaRule(format.schema, 'json');
}
