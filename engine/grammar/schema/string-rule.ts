import { SchemaError } from '../../errors.ts';
import type { JsonRules } from '../json-rules.ts';
import { type CharAutomaton, intersect, isEmpty, ofLength } from '../pattern/char-automaton.ts';
import { patternAutomaton } from '../pattern/pattern-automaton.ts';
import { spell } from '../pattern/spell.ts';
import { literal, type Rule, repeat, sequence } from '../rule.ts';
import { within } from '../within.ts';
import { FORMATS } from './formats.ts';

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
  if (format !== undefined)
    automata.push(within(['format'], () => patternAutomaton(FORMATS.get(format) ?? unknownFormat(format))));
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

function unknownFormat(format: string): never {
  const known = [...FORMATS.keys()].join(', ');
  throw new SchemaError([], `${JSON.stringify(format)} is not supported; there is ${known}`);
}
