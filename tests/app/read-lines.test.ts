import { expect, test } from 'vitest';
import { type Line, type LinePlace, readLines } from '../../app/batches/read-lines.ts';

async function read(bytes: Uint8Array, chunk: number, from: LinePlace = { number: 0, end: 0 }, max = 10) {
  async function* chunks() {
    const buffer = new Uint8Array(chunk); // written over, as a storage's may be
    for (let at = from.end; at < bytes.length; at += chunk) {
      const part = bytes.subarray(at, at + chunk);
      buffer.set(part);
      yield buffer.subarray(0, part.length);
    }
  }
  const lines: Line[] = [];
  for await (const line of readLines(chunks(), from, max)) lines.push(line);
  return lines;
}

const TEXT = new TextEncoder().encode('ab\r\n\n é🦙\n \t\n0123456789\n01234567890\nlast');
const LINES = [
  { number: 1, end: 4, text: 'ab\r' },
  { number: 3, end: 13, text: ' é🦙' },
  { number: 5, end: 27, text: '0123456789' },
  { number: 6, end: 39, text: undefined },
  { number: 7, end: 43, text: 'last' },
];

test.each([1, 2, 3, 5, 7, 11, 100])('lines in chunks of %i bytes, blank ones left out', async (chunk) => {
  expect(await read(TEXT, chunk)).toEqual(LINES);
});

test('from behind any line on the rest are the same', async () => {
  for (const [i, place] of LINES.entries()) expect(await read(TEXT, 4, place)).toEqual(LINES.slice(i + 1));
});

test('a line that is no UTF-8 has no text', async () => {
  expect(await read(Uint8Array.of(0x61, 0xff, 0x0a, 0x62), 9)).toMatchObject([
    { text: undefined },
    { text: 'b' },
  ]);
});
