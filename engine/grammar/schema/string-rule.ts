import { SchemaError } from '../../errors.ts';
import type { JsonRules } from '../json-rules.ts';
import { type CharAutomaton, intersect, isEmpty, ofLength } from '../pattern/char-automaton.ts';
import { patternAutomaton } from '../pattern/pattern-automaton.ts';
import { spell } from '../pattern/spell.ts';
import { literal, type Rule, repeat, sequence } from '../rule.ts';
import { within } from '../within.ts';
import { FOREIGN_FORMATS, FORMATS } from './formats.ts';

export interface StringBounds {
  readonly minLength?: number | undefined; // code points
  readonly maxLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
}

/**
 * Strings within bounds. Lengths alone allow every spelling; a pattern or a format only the plainest.
 *
 * `spend` is told how many states it takes, and may throw.
 *
 * Throws   SchemaError, with the keyword as its path
 */
export function stringRule(rules: JsonRules, bounds: StringBounds, spend: (states: number) => void): Rule {
  const { minLength = 0, maxLength = Infinity, pattern, format } = bounds;
  if (minLength > maxLength) throw new SchemaError(['minLength'], `is more than maxLength, ${maxLength}`);
  const isAnyLength = minLength === 0 && maxLength === Infinity;
  const quoted = (inside: Rule) => sequence(literal('"'), inside, literal('"'));

  const automata: CharAutomaton[] = [];
  if (pattern !== undefined) automata.push(within(['pattern'], () => patternAutomaton(pattern)));
  const formatPattern = format === undefined ? undefined : patternOf(format, pattern !== undefined);
  if (formatPattern !== undefined) automata.push(within(['format'], () => patternAutomaton(formatPattern)));
  if (automata.length === 0)
    return isAnyLength ? rules.string : quoted(repeat(rules.character, minLength, maxLength));

  const keyword = pattern === undefined ? 'format' : 'pattern';
  return within([keyword], () => {
    if (!isAnyLength) automata.push(ofLength(minLength, maxLength));
    const characters = automata.reduce(intersect);
    if (isEmpty(characters))
      throw new SchemaError([], 'allows no text at all, or none with the keywords beside it');
    spend(characters.length);
    return quoted(spell(characters));
  });
}

/** A name that JSON Schema does not know says no more than the pattern beside it: generators note where that is from. */
function patternOf(format: string, hasPattern: boolean): string | undefined {
  const known = FORMATS.get(format);
  if (known !== undefined || (hasPattern && !FOREIGN_FORMATS.has(format))) return known;
  const names = [...FORMATS.keys()].join(', ');
  throw new SchemaError(['format'], `${JSON.stringify(format)} is not supported; there is ${names}`);
}
