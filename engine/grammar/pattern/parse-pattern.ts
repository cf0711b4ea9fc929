// A pattern of a schema as a tree. Of ECMAScript's language, in its `u` mode, all that is regular: what looks back,
// around or at what a group has matched, is not.
import { SchemaError } from '../../errors.ts';
import { ANY_CHAR, type CharRange, MAX_CHAR } from './char-automaton.ts';

export type Pattern =
  | { readonly type: 'set'; readonly ranges: readonly CharRange[] }
  | { readonly type: 'sequence' | 'choice'; readonly parts: readonly Pattern[] }
  | { readonly type: 'repeat'; readonly part: Pattern; readonly min: number; readonly max: number }
  | { readonly type: 'start' | 'end' }
  | Lookahead;

/** What has to follow, or may not, here; it takes nothing. */
export interface Lookahead {
  readonly type: 'look';
  readonly isNegative: boolean;
  readonly part: Pattern;
}

const MAX_LENGTH = 4096; // characters
const MAX_DEPTH = 32; // groups in groups
const MAX_REPEAT = 1000;

const DIGITS: readonly CharRange[] = [range('0', '9')];
const WORD: readonly CharRange[] = [range('0', '9'), range('A', 'Z'), range('_', '_'), range('a', 'z')];
const LINE_ENDS = [0x0a, 0x0d, 0x2028, 0x2029].map((code) => ({ low: code, high: code }));
/** Source: ECMAScript, WhiteSpace and LineTerminator. */
const SPACES: readonly CharRange[] = [
  { low: 0x09, high: 0x0d },
  ...[0x20, 0xa0, 0x1680].map((code) => ({ low: code, high: code })),
  { low: 0x2000, high: 0x200a },
  ...[0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff].map((code) => ({ low: code, high: code })),
];
const CLASSES: Readonly<Record<string, readonly CharRange[]>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: SPACES,
  S: complement(SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 0x09, n: 0x0a, v: 0x0b, f: 0x0c, r: 0x0d };
const SYNTAX = '^$\\.*+?()[]{}|/';

/** Throws   SchemaError, which names what is not supported, or not a pattern */
export function parsePattern(source: string): Pattern {
  const fail = (why: string): never => {
    throw new SchemaError([], `${JSON.stringify(source.slice(0, 100))}: ${why}`);
  };
  if (source.length > MAX_LENGTH) fail(`longer than ${MAX_LENGTH} characters`);
  const characters = Array.from(source);
  let at = 0;

  const take = (wanted: string): boolean => {
    if (!characters.slice(at, at + wanted.length).every((c, i) => c === wanted[i])) return false;
    if (at + wanted.length > characters.length) return false;
    at += wanted.length;
    return true;
  };

  function alternatives(depth: number): Pattern {
    if (depth > MAX_DEPTH) fail(`groups nested more than ${MAX_DEPTH} deep`);
    const parts = [terms(depth)];
    while (take('|')) parts.push(terms(depth));
    return parts.length === 1 ? parts[0]! : { type: 'choice', parts };
  }

  function terms(depth: number): Pattern {
    const parts: Pattern[] = [];
    while (at < characters.length && characters[at] !== '|' && characters[at] !== ')') {
      const part = atom(depth);
      parts.push(quantified(part));
    }
    return { type: 'sequence', parts };
  }

  function atom(depth: number): Pattern {
    const character = characters[at++]!;
    switch (character) {
      case '^':
        return { type: 'start' };
      case '$':
        return { type: 'end' };
      case '.':
        return { type: 'set', ranges: complement(LINE_ENDS) };
      case '(':
        return group(depth);
      case '[':
        return { type: 'set', ranges: characterClass() };
      case '\\':
        return { type: 'set', ranges: escaped(false) };
    }
    if ('*+?{}])'.includes(character)) fail(`'${character}' at ${at - 1} has nothing before it to apply to`);
    return single(character.codePointAt(0)!);
  }

  function group(depth: number): Pattern {
    if (take('?')) {
      const isNegative = take('!');
      if (isNegative || take('=')) return { type: 'look', isNegative, part: groupEnd(depth) };
      if (take('<=') || take('<!')) fail('lookbehind is not supported');
      if (take('<')) {
        const end = characters.indexOf('>', at);
        if (end < 0) fail('a group name without an end');
        at = end + 1;
      } else if (!take(':')) fail('flags in a group are not supported');
    }
    return groupEnd(depth);
  }

  function groupEnd(depth: number): Pattern {
    const inside = alternatives(depth + 1);
    if (!take(')')) fail('a group without an end');
    return inside;
  }

  function quantified(part: Pattern): Pattern {
    const count = quantifier();
    if (!count) return part;
    if (part.type === 'start' || part.type === 'end' || part.type === 'look')
      fail('an anchor, or a lookahead, cannot be repeated');
    take('?'); // a lazy one matches the same texts
    if (quantifier()) fail('a quantifier after a quantifier');
    return { type: 'repeat', part, ...count };
  }

  function quantifier(): { min: number; max: number } | undefined {
    if (take('*')) return { min: 0, max: Infinity };
    if (take('+')) return { min: 1, max: Infinity };
    if (take('?')) return { min: 0, max: 1 };
    if (!take('{')) return undefined;
    const end = characters.indexOf('}', at);
    const match = /^(\d{1,9})(,(\d{0,9}))?$/.exec(characters.slice(at, end).join(''));
    if (end < 0 || !match) return fail('a { that begins no quantifier');
    at = end + 1;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === '' ? Infinity : Number(match[3]);
    if (min > max) fail(`{${min},${max}} is out of order`);
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity))
      fail(`repeats more than ${MAX_REPEAT} times`);
    return { min, max };
  }

  function characterClass(): readonly CharRange[] {
    const isNegated = take('^');
    const ranges: CharRange[] = [];
    while (!take(']')) {
      if (at >= characters.length) fail('a class without an end');
      const first = classAtom();
      if (!(characters[at] === '-' && characters[at + 1] !== ']' && at + 1 < characters.length)) {
        ranges.push(...first);
        continue;
      }
      at++;
      const last = classAtom();
      const [low, high] = [only(first), only(last)];
      if (low === undefined || high === undefined) return fail('a class is an end of a range');
      if (low > high) fail('a range out of order');
      ranges.push({ low, high });
    }
    return isNegated ? complement(ranges) : ranges;
  }

  function classAtom(): readonly CharRange[] {
    const character = characters[at++];
    if (character === undefined) return fail('a class without an end');
    if (character === '\\') return escaped(true);
    const code = character.codePointAt(0)!;
    return [{ low: code, high: code }];
  }

  function escaped(inClass: boolean): readonly CharRange[] {
    const letter = characters[at++];
    if (letter === undefined) return fail('a backslash at the end');
    const ranges = CLASSES[letter];
    if (ranges) return ranges;
    const code = escapedCode(letter, inClass);
    return [{ low: code, high: code }];
  }

  function escapedCode(letter: string, inClass: boolean): number {
    const control = CONTROLS[letter];
    if (control !== undefined) return control;
    if (SYNTAX.includes(letter) || (inClass && letter === '-')) return letter.codePointAt(0)!;
    if (inClass && letter === 'b') return 0x08;
    if (letter === '0' && !/\d/.test(characters[at] ?? '')) return 0;
    if (letter === 'c' && /[A-Za-z]/.test(characters[at] ?? ''))
      return characters[at++]!.codePointAt(0)! % 32;
    if (letter === 'x') return hexadecimal(/^[0-9a-fA-F]{2}/);
    if (letter === 'u') return take('{') ? braced() : unit();
    if (/[1-9k]/.test(letter)) return fail('a reference back to a group is not supported');
    if (/[bB]/.test(letter)) return fail(`\\${letter} is not supported`);
    if (/[pP]/.test(letter)) return fail(`\\${letter}{…} is not supported`);
    return fail(`\\${letter} is no escape`);
  }

  function braced(): number {
    const code = hexadecimal(/^[0-9a-fA-F]{1,6}/);
    if (!take('}') || code > MAX_CHAR) fail('no code point in \\u{…}');
    return code;
  }

  function unit(): number {
    const high = hexadecimal(/^[0-9a-fA-F]{4}/);
    if (high < 0xd800 || high > 0xdbff) return high;
    const low = take('\\u') ? hexadecimal(/^[0-9a-fA-F]{4}/) : 0;
    if (low < 0xdc00 || low > 0xdfff) fail('half of a surrogate pair');
    return 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00);
  }

  function hexadecimal(digits: RegExp): number {
    const match = digits.exec(characters.slice(at, at + 6).join(''));
    if (!match) return fail('an escape lacks hexadecimal digits');
    at += match[0].length;
    return Number.parseInt(match[0], 16);
  }

  const parsed = alternatives(0);
  if (at < characters.length) fail("a ')' that ends no group");
  return parsed;
}

function single(code: number): Pattern {
  return { type: 'set', ranges: [{ low: code, high: code }] };
}

function range(low: string, high: string): CharRange {
  return { low: low.codePointAt(0)!, high: high.codePointAt(0)! };
}

/** The one code point of these ranges, if it is one. */
function only(ranges: readonly CharRange[]): number | undefined {
  const [first] = ranges;
  return ranges.length === 1 && first!.low === first!.high ? first!.low : undefined;
}

function complement(ranges: readonly CharRange[]): CharRange[] {
  const left: CharRange[] = [];
  let low: number = ANY_CHAR.low;
  for (const next of [...ranges].sort((a, b) => a.low - b.low)) {
    if (next.low > low) left.push({ low, high: next.low - 1 });
    low = Math.max(low, next.high + 1);
  }
  if (low <= MAX_CHAR) left.push({ low, high: MAX_CHAR });
  return left;
}
