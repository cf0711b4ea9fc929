import { type AutomatonState, automaton, type ByteRange, type Rule } from '../rule.ts';
import type { CharAutomaton, CharRange } from './char-automaton.ts';

/** Characters of a JSON string that cannot stand for themselves, with what is written. */
const SHORT: Readonly<Record<number, string>> = {
  8: 'b',
  9: 't',
  10: 'n',
  12: 'f',
  13: 'r',
  34: '"',
  92: '\\',
};
/** What can: all but controls, the quote, the backslash and surrogates. Each part has one length in UTF-8. */
const PLAIN: readonly CharRange[] = [
  { low: 0x20, high: 0x21 },
  { low: 0x23, high: 0x5b },
  { low: 0x5d, high: 0x7f },
  { low: 0x80, high: 0x7ff },
  { low: 0x800, high: 0xd7ff },
  { low: 0xe000, high: 0xffff },
  { low: 0x10000, high: 0x10ffff },
];

/**
 * The texts of an automaton as the inside of a JSON string, in UTF-8. Each text has one spelling, but for the case of
 * hexadecimal digits: what can stand for itself does.
 */
export function spell(characters: CharAutomaton): Rule {
  type State = { isEnd: boolean; edges: (ByteRange & { target: number })[] };
  const states: State[] = characters.map(({ isEnd }) => ({ isEnd, edges: [] }));
  const shared = new Map<string, number>(); // states between the bytes of a character

  /** The state from which these bytes, one of each range, lead to `target`. */
  function before(target: number, bytes: readonly ByteRange[]): number {
    if (bytes.length === 0) return target;
    const key = `${target}:${bytes.map(({ low, high }) => `${low}-${high}`).join()}`;
    const known = shared.get(key);
    if (known !== undefined) return known;
    const state = states.push({ isEnd: false, edges: [] }) - 1;
    shared.set(key, state);
    add(state, bytes, target);
    return state;
  }

  function add(from: number, bytes: readonly ByteRange[], target: number): void {
    states[from]!.edges.push({ ...bytes[0]!, target: before(target, bytes.slice(1)) });
  }

  for (const [from, { edges }] of characters.entries())
    for (const { low, high, target } of edges) {
      for (const plain of PLAIN) {
        const [first, last] = [Math.max(low, plain.low), Math.min(high, plain.high)];
        if (first <= last) for (const bytes of utf8Ranges(first, last)) add(from, bytes, target);
      }
      for (let code = low; code <= Math.min(high, 0x5c); code++)
        for (const bytes of escapes(code)) add(from, bytes, target);
    }
  return automaton(states satisfies AutomatonState[]);
}

function escapes(code: number): ByteRange[][] {
  const short = SHORT[code];
  if (short !== undefined) return [exactly(`\\${short}`)];
  if (code >= 0x20) return [];
  const digits = code.toString(16).padStart(2, '0');
  return [...new Set([digits, digits.toUpperCase()])].map((hex) => exactly(`\\u00${hex}`));
}

const exactly = (text: string) =>
  Array.from(text, (character) => ({ low: character.charCodeAt(0), high: character.charCodeAt(0) }));

/**
 * The UTF-8 of code points from `low` to `high`, whose encodings are equally long: sequences of byte ranges, which do
 * not overlap.
 */
export function utf8Ranges(low: number, high: number): ByteRange[][] {
  const first = encode(low);
  const last = encode(high);
  return between(first, last);
}

function between(first: readonly number[], last: readonly number[]): ByteRange[][] {
  const [a, b] = [first[0]!, last[0]!];
  if (first.length === 1) return [[{ low: a, high: b }]];
  const [firstTail, lastTail] = [first.slice(1), last.slice(1)];
  if (a === b) return between(firstTail, lastTail).map((tail) => [{ low: a, high: a }, ...tail]);

  const lowest = firstTail.map(() => 0x80);
  const highest = firstTail.map(() => 0xbf);
  const isWholeFirst = firstTail.every((byte) => byte === 0x80);
  const isWholeLast = lastTail.every((byte) => byte === 0xbf);
  const begin = isWholeFirst ? a : a + 1;
  const end = isWholeLast ? b : b - 1;
  const part = (lead: number, from: readonly number[], to: readonly number[]) =>
    between(from, to).map((tail) => [{ low: lead, high: lead }, ...tail]);
  return [
    ...(isWholeFirst ? [] : part(a, firstTail, highest)),
    ...(begin <= end ? between(lowest, highest).map((tail) => [{ low: begin, high: end }, ...tail]) : []),
    ...(isWholeLast ? [] : part(b, lowest, lastTail)),
  ];
}

const encoder = new TextEncoder();
const encode = (code: number) => [...encoder.encode(String.fromCodePoint(code))];
