import type { Format } from '../engine.ts';
import type { Matcher } from './grammar.ts';
import type { Grammars } from './grammars.ts';
import { jsonRules } from './json-rules.ts';
import type { Rule } from './rule.ts';
import { checkSize } from './schema/check-size.ts';
import { schemaRule } from './schema/schema-rule.ts';
import { within } from './within.ts';

/** A whole reply in a format. Throws SchemaError, with a path from the request on. */
export function formatRule(format: Format): Rule {
  if (format.type === 'json') return jsonRules('json').object;
  return within(['format', 'schema'], () => schemaRule(format.schema, 'json'));
}

/** Holds a whole reply to a format. Throws SchemaError, with a path from the request on. */
export function formatMatcher(grammars: Grammars, format: Format): Matcher {
  if (format.type === 'json') return grammars.matcher('json', () => jsonRules('json').object);

  const { schema } = format;
  return within(['format', 'schema'], () => {
    checkSize(schema);
    return grammars.matcher(`json_schema ${JSON.stringify(schema)}`, () => schemaRule(schema, 'json'));
  });
}
