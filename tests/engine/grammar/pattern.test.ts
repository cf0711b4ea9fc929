// Patterns against the engine of this very machine, which backtracks.
import { describe, expect, test } from 'vitest';
import {
  type CharAutomaton,
  complement,
  intersect,
  noneOf,
  ofLength,
} from '../../../engine/grammar/pattern/char-automaton.ts';
import { patternAutomaton } from '../../../engine/grammar/pattern/pattern-automaton.ts';
import { utf8Ranges } from '../../../engine/grammar/pattern/spell.ts';
import { FORMATS } from '../../../engine/grammar/schema/formats.ts';
import { randomIntegers } from '../../support/random-integers.ts';

function spells(automaton: CharAutomaton, text: string): boolean {
  let state = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const edges = automaton[state]!.edges.filter(({ low, high }) => low <= code && code <= high);
    expect(edges.length).toBeLessThan(2); // it is deterministic
    if (edges.length === 0) return false;
    state = edges[0]!.target;
  }
  return automaton[state]!.isEnd;
}

const PATTERNS = [
  ...[
    '',
    '^$',
    'a',
    '^a',
    'a$',
    '^a$',
    '^a|b$',
    '^(a|b)$',
    '(^a|b)$',
    'a|^b',
    '(a|^)b',
    'a($|b)',
    '^^a$$',
    '$^',
  ],
  ...['a*', '^a*$', '^a+b?$', '^(ab)*$', '^(a|ab)(c|bcd)?$', '^(a*)*b$', '^(a+)+$', '^(a|aa)+$', '(a|b)*abb'],
  ...[
    '^a{2}$',
    '^a{2,}$',
    '^a{1,3}b{0}$',
    '^(ab?){2,3}$',
    '^a{0,2}?$',
    '^(?:a{2}){2}$',
    '^(a?){3}$',
    '^(|a)b$',
  ],
  ...[
    '.',
    '^.$',
    '^..$',
    '^[ab]$',
    '^[^ab]$',
    '^[a-c]+$',
    '^[^]$',
    '[]',
    '^[-a]$',
    '^[a-]$',
    '^[\\]a]$',
    '^[\\^a]$',
  ],
  ...[
    '\\d',
    '^\\D$',
    '^\\w+$',
    '^\\W$',
    '^\\s$',
    '^\\S+$',
    '^[\\d\\s]$',
    '^[^\\w]$',
    '^[\\W\\d]$',
    '^[\\s\\S]$',
  ],
  ...[
    '\\.',
    '^\\n$',
    '^\\t|\\r$',
    '^\\x61$',
    '^\\u0061$',
    '^\\u{1F600}$',
    '^\\ud83d\\ude00$',
    '^[\\u{1F600}-\\u{1F610}]$',
  ],
  ...['^\\0$', '^\\ca$', '^[\\b]$', '^\\/\\-?$'.replace('\\-', '-'), '(?<x>a)b', '^é$', '^😀+$', '^[😀-😂]$'],
];
const ALPHABET = [
  'a',
  'b',
  'c',
  'd',
  '1',
  ' ',
  '.',
  '-',
  ']',
  '^',
  '\n',
  '\t',
  '\b',
  '\0',
  '\u0001',
  '/',
  'é',
  '😀',
  '\u2028',
];

test.each(PATTERNS)('%j', (source) => {
  const automaton = patternAutomaton(source);
  const pattern = new RegExp(source, 'u');
  const random = randomIntegers(source.length + 11);
  const texts = [
    '',
    ...ALPHABET,
    ...ALPHABET.map((c) => `a${c}`),
    'ab',
    'abab',
    'aab',
    'abb',
    'aaa',
    'aaaa',
    'abbcd',
    'abcd',
  ];
  for (let i = 0; i < 300; i++)
    texts.push(
      Array.from({ length: random(6) }, () => ALPHABET[random(i % 2 ? ALPHABET.length : 4)]).join(''),
    );
  for (const text of texts) expect(spells(automaton, text), JSON.stringify(text)).toBe(pattern.test(text));
});

describe('what is not supported is refused by name', () => {
  test.each([
    ['(?=a)', 'lookahead is supported right after the first ^ only'],
    ['a|^(?!a)', 'lookahead'],
    ['^(?=(?!a)b)', 'lookahead'],
    ['(?<=a)b', 'lookbehind'],
    ['(?<!a)b', 'lookbehind'],
    ['(a)\\1', 'back to a group'],
    ['(?<x>a)\\k<x>', 'back to a group'],
    ['\\bword', '\\b is not supported'],
    ['\\p{L}', '\\p{…} is not supported'],
    ['(?i:a)', 'flags'],
    ['\\ud83d', 'half of a surrogate pair'],
    ['a{2000}', 'more than 1000 times'],
    [`${'('.repeat(40)}a${')'.repeat(40)}`, 'more than 32 deep'],
    ['a'.repeat(5000), 'longer than 4096'],
    ['((a{50}){50}){50}', 'too many states'],
    ['(a|b)*a(a|b){15}', 'states'],
  ])('%s', (source, message) => {
    expect(() => patternAutomaton(source)).toThrow(message);
  });

  test.each([
    '(',
    ')',
    '[',
    '[a',
    '*',
    'a**',
    'a{2',
    '{',
    '}',
    ']',
    '\\',
    '\\q',
    '\\-',
    'a{3,2}',
    '[z-a]',
    '[\\d-z]',
    '\\u{110000}',
    '\\x1',
    '(?<x',
  ])('nor is %s a pattern', (source) => {
    expect(() => new RegExp(source, 'u')).toThrow();
    expect(() => patternAutomaton(source)).toThrow(JSON.stringify(source));
  });
});

test('what two spell, and what is of a length', () => {
  const both = intersect(patternAutomaton('^[ab]*$'), ofLength(2, 3));
  for (const [text, expected] of [
    ['ab', true],
    ['aba', true],
    ['a', false],
    ['abab', false],
    ['ac', false],
  ] as const)
    expect(spells(both, text)).toBe(expected);
  expect(spells(ofLength(2, Infinity), '😀😀😀')).toBe(true);
  expect(spells(ofLength(2, Infinity), '😀')).toBe(false);
});

test('what one does not spell', () => {
  const others = complement(patternAutomaton('^a[bc]?$'));
  for (const text of ['a', 'ab', 'ac']) expect(spells(others, text)).toBe(false);
  for (const text of ['', 'b', 'ad', 'abc', 'aé', '😀']) expect(spells(others, text)).toBe(true);
});

test('what is none of some words', () => {
  const others = noneOf(['a', 'abc', '', '😀']);
  for (const word of ['a', 'abc', '', '😀']) expect(spells(others, word)).toBe(false);
  for (const word of ['ab', 'abcd', 'b', '😀😀', 'A']) expect(spells(others, word)).toBe(true);
});

test('UTF-8 of a range is all of it, once', () => {
  const encoder = new TextEncoder();
  for (const [low, high] of [
    [0x80, 0x7ff],
    [0x7a, 0x7f],
    [0x3b1, 0x3c9],
    [0x800, 0xd7ff],
    [0xe000, 0xffff],
    [0x10000, 0x10ffff],
    [0x1f600, 0x1f64f],
    [0x904, 0x939],
  ] as const) {
    const sequences = utf8Ranges(low, high);
    for (
      let code = Math.max(0, low - 70);
      code <= high + 70 && code <= 0x10ffff;
      code += code > low + 5000 && code < high - 5000 ? 997 : 1
    ) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const bytes = encoder.encode(String.fromCodePoint(code));
      const found = sequences.filter(
        (ranges) =>
          ranges.length === bytes.length && ranges.every((r, i) => r.low <= bytes[i]! && bytes[i]! <= r.high),
      );
      expect(found.length, code.toString(16)).toBe(code >= low && code <= high ? 1 : 0);
    }
  }
});

test('formats stay small', () => {
  for (const [name, pattern] of FORMATS) expect(patternAutomaton(pattern).length, name).toBeLessThan(1200);
});
