import { describe, expect, test } from 'vitest';
import { SchemaError } from '../../../engine/errors.ts';
import type { Matcher } from '../../../engine/grammar/grammar.ts';
import { createGrammars } from '../../../engine/grammar/grammars.ts';
import { jsonRules } from '../../../engine/grammar/json-rules.ts';
import {
  choice,
  literal,
  oneOf,
  optional,
  type Rule,
  repeat,
  sequence,
  shared,
} from '../../../engine/grammar/rule.ts';
import { byteVocabulary, END } from '../../support/byte-vocabulary.ts';

const encoder = new TextEncoder();
const matcherOf = (rule: Rule, vocabulary = byteVocabulary()): Matcher =>
  createGrammars(vocabulary).matcher('', () => rule);

/** Whether the rule allows the text as a whole. */
function allows(rule: Rule, text: string): boolean {
  const matcher = matcherOf(rule);
  for (const byte of encoder.encode(text)) {
    if (!matcher.accepts(byte)) return false;
    matcher.push(byte);
  }
  return matcher.isComplete;
}

const letters = oneOf('a-z');
const nested: Rule = shared(() => sequence(literal('('), repeat(nested, 0, Infinity), literal(')')));
const palindrome: Rule = shared(() =>
  choice([
    literal('a'),
    sequence(literal('b'), palindrome, literal('b')),
    sequence(literal('c'), palindrome, literal('c')),
  ]),
);
const ambiguous = repeat(choice([literal('a'), literal('aa'), literal('aaa')]), 3, 4);

describe('a rule', () => {
  test.each<[string, Rule, readonly string[], readonly string[]]>([
    ['a literal', literal('tête'), ['tête'], ['', 'tê', 'têtes', 'tete']],
    ['a class', oneOf('a-cx'), ['a', 'c', 'x'], ['', 'd', 'ab']],
    [
      'a choice of prefixes',
      choice([literal('ab'), literal('abc'), literal('b')]),
      ['ab', 'abc', 'b'],
      ['a', 'abcb'],
    ],
    ['an option', sequence(optional(literal('-')), literal('1')), ['1', '-1'], ['--1', '-']],
    ['a loop', repeat(literal('ab'), 0, Infinity), ['', 'ab', 'ababab'], ['a', 'aba']],
    ['a loop of one or more', repeat(letters, 1, Infinity), ['a', 'zzz'], ['']],
    ['a counted loop', repeat(literal('ab'), 2, 3), ['abab', 'ababab'], ['ab', 'abababab']],
    [
      'a long counted loop',
      repeat(letters, 9, 20),
      ['abcdefghi', 'x'.repeat(20)],
      ['x'.repeat(8), 'x'.repeat(21)],
    ],
    ['a counted loop without an end', repeat(letters, 3, Infinity), ['abc', 'x'.repeat(50)], ['ab']],
    [
      'a counted loop of nothing',
      sequence(repeat(optional(literal('a')), 2, 5), literal('b')),
      ['b', 'aaaaab'],
      ['aaaaaab'],
    ],
    [
      'a counted loop in a loop',
      repeat(sequence(repeat(letters, 2, 3), literal('.')), 2, 2),
      ['ab.abc.'],
      ['ab.', 'a.ab.'],
    ],
    ['a counted loop, read in several ways', ambiguous, ['aaa', 'a'.repeat(12)], ['aa', 'a'.repeat(13)]],
    ['none of anything', sequence(literal('a'), repeat(letters, 0, 0)), ['a'], ['aa']],
    ['brackets', nested, ['()', '(()(()))'], ['(', '())', ')']],
    ['a middle', palindrome, ['a', 'bab', 'cbabc', 'bcbabcb'], ['bac', 'ba', 'babb']],
    [
      'two that share a call',
      sequence(nested, choice([nested, literal('x')])),
      ['()()', '(())x'],
      ['()', 'x'],
    ],
  ])('%s', (_, rule, allowed, refused) => {
    for (const text of allowed) expect(allows(rule, text), text).toBe(true);
    for (const text of refused) expect(allows(rule, text), text).toBe(false);
  });

  test('that leads nowhere in one way is held to the other', () => {
    const endless: Rule = shared(() => sequence(literal('a'), endless));
    const matcher = matcherOf(choice([endless, literal('ab'), sequence(literal('b'), choice([]))]));
    expect(matcher.accepts(0x62)).toBe(false);
    matcher.push(0x61);
    expect(matcher.accepts(0x61)).toBe(false);
    expect(matcher.accepts(0x62)).toBe(true);
  });

  test('that can write nothing, or never end, is refused', () => {
    const endless: Rule = shared(() => sequence(literal('a'), endless));
    for (const rule of [choice([]), endless])
      expect(() => matcherOf(rule)).toThrow('nothing that could be written');
  });

  test('that uses itself before it has written anything is refused', () => {
    const left: Rule = shared(() => choice([sequence(left, literal('a')), literal('b')]));
    const hidden: Rule = shared(() => sequence(optional(literal('x')), choice([hidden, literal('b')])));
    for (const rule of [left, hidden]) expect(() => matcherOf(rule)).toThrow(SchemaError);
  });
});

describe('a matcher', () => {
  const pair = sequence(literal('{"a":'), choice([literal('1'), literal('12')]), literal('}'));

  test('says where a reply may end, and where it must', () => {
    const matcher = matcherOf(sequence(literal('a'), optional(literal('b'))));
    const seen = [];
    for (const byte of [0x61, 0x62]) {
      seen.push([matcher.isComplete, matcher.isFinished, matcher.accepts(END)]);
      matcher.push(byte);
    }
    expect([...seen, [matcher.isComplete, matcher.isFinished, matcher.accepts(END)]]).toEqual([
      [false, false, false],
      [true, false, true],
      [true, true, true],
    ]);
  });

  test('takes tokens of many bytes, and only where all of them fit', () => {
    const matcher = matcherOf(pair, byteVocabulary(['{"', '{"a":1', '2}', '12}', '2}x', '"a":1']));
    expect([258, 259, 260].map((id) => matcher.accepts(id))).toEqual([true, true, false]);
    matcher.push(259);
    expect([260, 261, 262, 263].map((id) => matcher.accepts(id))).toEqual([true, false, false, false]);
    matcher.push(260);
    expect(matcher.isFinished).toBe(true);
  });

  test('never takes a special token, or one that is not there', () => {
    const matcher = matcherOf(repeat(jsonRules('json').character, 0, Infinity));
    expect([257, 258, -1, 0.5, Number.NaN].map((id) => matcher.accepts(id))).toEqual(Array(5).fill(false));
    expect(() => matcher.push(257)).toThrow(RangeError);
  });

  test('stays where it is when a token is refused', () => {
    const matcher = matcherOf(literal('ab'));
    expect(() => matcher.push(0x62)).toThrow('token 98 may not come here');
    matcher.push(0x61);
    expect(matcher.accepts(0x62)).toBe(true);
  });
});

describe('a mask', () => {
  test('has the bits of all tokens that are accepted, twins too, and no others', () => {
    const tokens = [
      '{"',
      '":',
      '", "',
      '"}',
      'ab',
      'ab',
      '\n  ',
      '}}',
      'é',
      '12',
      '\\u00e9',
      'true',
      '[[',
      ']]',
    ];
    const vocabulary = byteVocabulary(tokens);
    const matcher = matcherOf(jsonRules('json').object, vocabulary);
    const mask = new Uint32Array(Math.ceil(vocabulary.vocabSize / 32));
    for (const byte of encoder.encode('{"a\\n\\u00e9": [1, -2.5e3, {"é": {}}], "b": true}')) {
      mask.fill(0xffffffff);
      matcher.mask(mask);
      for (let id = 0; id < vocabulary.vocabSize; id++)
        expect(Boolean(mask[id >> 5]! & (1 << (id & 31))), `token ${id}`).toBe(matcher.accepts(id));
      matcher.push(byte);
    }
    expect(matcher.isFinished).toBe(true);
  });
});
