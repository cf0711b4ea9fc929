// JSON's values as rules, and Python's literals of them.
import {
  automaton,
  type ByteRange,
  byteRange,
  choice,
  literal,
  oneOf,
  optional,
  type Rule,
  repeat,
  sequence,
  shared,
} from './rule.ts';

/** `python` writes True, False and None, and no escapes that Python would read otherwise: `\/` and halves of pairs. */
export type Dialect = 'json' | 'python';

/** The rules that schemas are built of. Each stands once in a grammar, however often it is used. */
export interface JsonRules {
  readonly dialect: Dialect;
  /** Between two things that need nothing between them: nothing, a space, or a new line with its indent. */
  readonly gap: Rule;
  /** After a colon: nothing, or a space. */
  readonly space: Rule;
  /** One character inside a string: one code point, in one of its spellings. */
  readonly character: Rule;
  readonly string: Rule;
  readonly number: Rule;
  readonly boolean: Rule;
  readonly null: Rule;
  readonly array: Rule;
  readonly object: Rule;
  readonly value: Rule;
}

export const MAX_INDENT = 64; // characters
const MAX_DIGITS = 15; // of each part of a number: so many a double keeps

const rulesOf = new Map<Dialect, JsonRules>();

export function jsonRules(dialect: Dialect): JsonRules {
  const known = rulesOf.get(dialect) ?? build(dialect);
  rulesOf.set(dialect, known);
  return known;
}

function build(dialect: Dialect): JsonRules {
  const [yes, no, nothing] = dialect === 'json' ? ['true', 'false', 'null'] : ['True', 'False', 'None'];
  const indent = repeat(oneOf(' \t'), 0, MAX_INDENT);
  const gap = shared(() => choice([literal(''), literal(' '), sequence(literal('\n'), indent)]));
  const space = optional(literal(' '));
  const spelling = characterRule(dialect);
  const character = shared(() => spelling);
  const string = shared(() => sequence(literal('"'), repeat(spelling, 0, Infinity), literal('"')));

  const value = shared(() => choice([object, array, string, number, boolean, nothingRule]));
  const boolean = choice([literal(yes), literal(no)]);
  const nothingRule = literal(nothing);
  const pair = sequence(string, literal(':'), space, value);
  const object = shared(() => listOf({ open: '{', close: '}', gap }, pair, 0, Infinity));
  const array = shared(() => listOf({ open: '[', close: ']', gap }, value, 0, Infinity));
  const number = shared(() =>
    sequence(optional(literal('-')), whole, optional(fraction), optional(exponent)),
  );

  return { dialect, gap, space, character, string, number, boolean, null: nothingRule, array, object, value };
}

const digit = oneOf('0-9');
const whole = choice([literal('0'), sequence(oneOf('1-9'), repeat(digit, 0, MAX_DIGITS - 1))]);
const fraction = sequence(literal('.'), repeat(digit, 1, MAX_DIGITS));
const exponent = sequence(oneOf('eE'), optional(oneOf('+-')), repeat(digit, 1, 2)); // never past a double

/** Brackets around `min` to `max` things with commas between them. */
export function listOf(
  { open, close, gap }: { readonly open: string; readonly close: string; readonly gap: Rule },
  item: Rule,
  min: number,
  max: number,
): Rule {
  const more = sequence(literal(','), gap, item);
  const items = sequence(item, repeat(more, Math.max(0, min - 1), max - 1), gap);
  const inside = max === 0 ? literal('') : min === 0 ? optional(items) : items;
  return sequence(literal(open), gap, inside, literal(close));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const hex = oneOf('0-9a-fA-F');

function characterRule(dialect: Dialect): Rule {
  const low = sequence(oneOf('dD'), oneOf('c-fC-F'), hex, hex); // second half of a pair
  const high = sequence(oneOf('dD'), oneOf('89abAB'), hex, hex);
  const alone = choice([
    sequence(oneOf('0-9abcefABCEF'), hex, hex, hex),
    sequence(oneOf('dD'), oneOf('0-7'), hex, hex),
  ]);
  const pair = sequence(high, literal('\\u'), low);
  const escaped = choice([
    oneOf(dialect === 'json' ? '"\\/bfnrt' : '"\\bfnrt'),
    sequence(literal('u'), dialect === 'json' ? choice([alone, pair]) : alone),
  ]);
  return choice([unescaped(), sequence(literal('\\'), escaped)]);
}

/** A character of UTF-8 that needs no escape. Source: RFC 3629, section 4. */
function unescaped(): Rule {
  const ascii: ByteRange[] = [
    { low: 0x20, high: QUOTE - 1 },
    { low: QUOTE + 1, high: BACKSLASH - 1 },
    { low: BACKSLASH + 1, high: 0x7f },
  ];
  const tail = byteRange(0x80, 0xbf);
  return choice([
    { type: 'class', ranges: ascii },
    sequence(byteRange(0xc2, 0xdf), tail),
    sequence(byteRange(0xe0, 0xe0), byteRange(0xa0, 0xbf), tail),
    sequence(choice([byteRange(0xe1, 0xec), byteRange(0xee, 0xef)]), tail, tail),
    sequence(byteRange(0xed, 0xed), byteRange(0x80, 0x9f), tail),
    sequence(byteRange(0xf0, 0xf0), byteRange(0x90, 0xbf), tail, tail),
    sequence(byteRange(0xf1, 0xf3), tail, tail, tail),
    sequence(byteRange(0xf4, 0xf4), byteRange(0x80, 0x8f), tail, tail),
  ]);
}

/** Any of these texts: one automaton, however many they are. */
export function anyLiteral(texts: readonly string[]): Rule {
  const encoder = new TextEncoder();
  const states: { isEnd: boolean; edges: { low: number; high: number; target: number }[] }[] = [
    { isEnd: false, edges: [] },
  ];
  const targets = new Map<number, number>(); // by state · 256 + byte
  for (const text of texts) {
    let state = 0;
    for (const byte of encoder.encode(text)) {
      const key = state * 256 + byte;
      let target = targets.get(key);
      if (target === undefined) {
        target = states.push({ isEnd: false, edges: [] }) - 1;
        targets.set(key, target);
        states[state]!.edges.push({ low: byte, high: byte, target });
      }
      state = target;
    }
    states[state]!.isEnd = true;
  }
  return automaton(states);
}
