import { describe, expect, test } from 'vitest';
import { wordChanges } from '../../web/tasks/diff-view.ts';
import { type Piece, wordDiff } from '../../web/tasks/word-diff.ts';
import { randomIntegers } from '../support/random-integers.ts';

const marks = { same: '', removed: '-', added: '+' };
const shown = (pieces: readonly Piece[] | undefined) =>
  pieces?.map(({ type, text }) => (type === 'same' ? text : `[${marks[type]}${text}]`)).join('');

describe('wordDiff()', () => {
  test.each([
    {
      why: 'a word for another',
      before: 'a black cat',
      after: 'a white cat',
      diff: 'a [-black][+white] cat',
    },
    {
      why: 'words side by side are one change',
      before: 'one two end',
      after: 'three four end',
      diff: '[-one two][+three four] end',
    },
    { why: 'a word more, at the end', before: 'go', after: 'go now', diff: 'go[+ now]' },
    { why: 'a sign alone', before: 'yes, no', after: 'yes; no', diff: 'yes[-,][+;] no' },
    {
      why: 'an apostrophe is part of its word',
      before: 'I cant go',
      after: "I can't go",
      diff: "I [-cant][+can't] go",
    },
    {
      why: 'letters with accents, and Cyrillic, are words',
      before: 'vicuña и лама',
      after: 'vicuna и ламы',
      diff: '[-vicuña][+vicuna] и [-лама][+ламы]',
    },
    { why: 'Chinese goes by the letter', before: '我喜欢猫', after: '我喜欢狗', diff: '我喜欢[-猫][+狗]' },
    { why: 'a line that is gone', before: 'a\nb\nc', after: 'a\nc', diff: 'a\n[-b\n]c' },
    { why: 'HTML is text', before: '<b>x</b>', after: '<i>x</i>', diff: '<[-b][+i]>x</[-b][+i]>' },
    { why: 'nothing before', before: '', after: 'new', diff: '[+new]' },
    { why: 'nothing after', before: 'old', after: '', diff: '[-old]' },
    { why: 'nothing at all', before: '', after: '', diff: '' },
  ])('$why', ({ before, after, diff }) => {
    expect(shown(wordDiff(before, after))).toBe(diff);
  });

  test('gives both texts back to the last character', () => {
    const next = randomIntegers(7);
    const words = [
      'a',
      'cria',
      ' ',
      ' ',
      '  ',
      '\n',
      '\r\n',
      ',',
      '.',
      '🦙',
      'é',
      '\u0301',
      '漢',
      '\t',
      "it's",
    ];
    const draw = () => Array.from({ length: next(30) }, () => words[next(words.length)]).join('');
    for (let round = 0; round < 2_000; round++) {
      const [before, after] = [draw(), draw()];
      const pieces = wordDiff(before, after)!;
      const without = (type: Piece['type']) =>
        pieces
          .filter((piece) => piece.type !== type)
          .map(({ text }) => text)
          .join('');
      expect([without('added'), without('removed')]).toEqual([before, after]);
    }
  });

  test('gives up on two long texts with nothing in common', () => {
    const long = (word: string) => Array.from({ length: 60_000 }, (_, i) => `${word}${i}`).join(' ');
    expect(wordDiff(long('a'), long('b'))).toBeUndefined();
  });
});

test.each([
  ['same', 'same', 'nothing changed'],
  ['a, b', 'a; b', 'only signs or spaces changed'],
  ['a b', 'a b c', '1 word added, 0 words removed'],
  ['one two', 'three', '1 word added, 2 words removed'],
])('wordChanges() of %j to %j', (before, after, words) => {
  expect(wordChanges(wordDiff(before, after)!)).toBe(words);
});
