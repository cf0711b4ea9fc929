import { describe, expect, test } from 'vitest';
import { cutParagraphs, cutText } from '../../../app/tasks/cut-text.ts';

/** A token a character, or a token a byte: whatever it is, a piece may not have more. */
const characters = async (texts: readonly string[]) => texts.map((text) => [...text].length);
const bytes = async (texts: readonly string[]) => texts.map((text) => new TextEncoder().encode(text).length);

const sentence = (i: number) => `This is sentence number ${i}. `;
const paragraph = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => sentence(from + i))
    .join('')
    .trim();
const TEXT = [paragraph(0, 5), paragraph(5, 3), paragraph(8, 12)].join('\n\n');

describe('cutText()', () => {
  test.each([
    ['paragraphs', TEXT, 40],
    ['one long word', 'x'.repeat(1000), 40],
    ['words without sentences', 'word '.repeat(300), 40],
    ['characters of four bytes', '🦙'.repeat(200), 40],
    ['Chinese without spaces', '美洲驼是一种动物。'.repeat(50), 40],
    ['white space', ' \n\n \n'.repeat(100), 40],
    ['nothing', '', 40],
    ['pieces of a token', TEXT.slice(0, 50), 4],
  ])('keeps %s whole, in pieces no longer than allowed', async (_, text, most) => {
    for (const count of [characters, bytes]) {
      const pieces = await cutText(text, most, count);
      expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      for (const piece of pieces) {
        expect((await count([piece.text]))[0]).toBe(piece.tokens);
        expect(piece.tokens).toBeLessThanOrEqual(most);
      }
    }
  });

  test('cuts between paragraphs where it can, else between sentences, else between words', async () => {
    const cut = async (most: number) => (await cutText(TEXT, most, characters)).map(({ text }) => text);
    expect(await cut(1000)).toEqual([TEXT]);
    expect((await cut(400))[0]).toBe(`${paragraph(0, 5)}\n\n${paragraph(5, 3)}\n\n`);
    for (const piece of await cut(60)) expect(piece).toMatch(/^This is .*\.\s*$/s);
    for (const piece of await cut(12)) expect(piece).toMatch(/^\S.*\S\s*$/s);
  });

  test('takes as few pieces as neighbours allow', async () => {
    expect(await cutText('one. two. three. four. ', 10, characters)).toHaveLength(3);
  });

  test('never cuts a character', async () => {
    for (const { text } of await cutText('é🦙'.repeat(50), 5, bytes)) expect(text).not.toContain('\ufffd');
  });
});

// Each takes minutes where the time grows with the square of the length.
test.each([
  ['white space', `a.${' '.repeat(499_000)}b`],
  ['lines', `a${'\n'.repeat(499_000)}b`],
  ['lines of white space', `a${'\n   '.repeat(120_000)}b`],
  ['quotes', `a.${'"'.repeat(499_000)} b`],
  ['quotes and white space', '." '.repeat(160_000)],
  ['full stops', '.'.repeat(499_000)],
])('cutText() is done with much %s', async (_, text) => {
  const pieces = await cutText(text, 5000, characters);
  expect(pieces.map((piece) => piece.text).join('')).toBe(text);
});

test('cutParagraphs() keeps paragraphs apart, and each with what is behind it', async () => {
  const pieces = await cutParagraphs('One.\n \nTwo,\nstill two.\n\n\nThree.', 1000, characters);
  expect(pieces.map(({ text }) => text)).toEqual(['One.\n \n', 'Two,\nstill two.\n\n\n', 'Three.']);
});
