import { expect, test } from 'vitest';
import { createBpeTokenizer } from '../../../models/tokenizer/bpe-tokenizer.ts';
import { llama3Vocabulary } from '../../support/llama3-vocabulary.ts';

const tokenizer = createBpeTokenizer(llama3Vocabulary());
const idOfByte = new Map(Array.from({ length: 256 }, (_, id) => [tokenizer.bytes(id)[0]!, id]));
const idsOf = (bytes: Iterable<number>) => Array.from(bytes, (byte) => idOfByte.get(byte)!);

/** What each push says, and then what the end says. */
function spoken(ids: Iterable<number>): string[] {
  const decoder = tokenizer.decoder();
  return [...Array.from(ids, decoder.push), decoder.end()];
}

test('the first 256 tokens are the bytes', () => {
  expect(idOfByte.size).toBe(256);
});

test('push() keeps a character until its last byte', () => {
  expect(spoken(idsOf(new TextEncoder().encode('🦙é')))).toEqual(['', '', '', '🦙', '', 'é', '']);
});

test('end() says U+FFFD for an unfinished character', () => {
  expect(spoken(idsOf([0x41, 0xf0, 0x9f]))).toEqual(['A', '', '', '\ufffd']);
});

test('a special token in the middle of a character says nothing', () => {
  const [lead, tail] = idsOf([0xc3, 0xa9]);
  expect(spoken([lead!, 128009, tail!])).toEqual(['', '', 'é', '']);
});

test('U+FEFF at the start is kept', () => {
  const ids = tokenizer.encode('\ufeffa');
  expect(spoken(ids).join('')).toBe('\ufeffa');
  expect(tokenizer.decode(ids)).toBe('\ufeffa');
});

test('bytes that are no UTF-8 read as TextDecoder reads them whole', () => {
  const interesting = [
    0x00, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xc3, 0xe0, 0xa0, 0xed, 0x9f, 0xef, 0xbb, 0xf0, 0x90,
  ];
  interesting.push(0xf4, 0x8f, 0xf5, 0xff);
  let state = 7;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return interesting[state >>> 24]! ?? interesting[(state >>> 16) % interesting.length]!;
  };
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from({ length: 1 + (round % 12) }, next);
    const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    expect(spoken(idsOf(bytes)).join('')).toBe(whole);
    expect(tokenizer.decode(idsOf(bytes))).toBe(whole);
  }
});
