import { describe, expect, test } from 'vitest';
import { createCoin } from '../../engine/coin.ts';
import { createTextStream } from '../../engine/text-stream.ts';
import { scriptedTokenizer } from '../support/scripted-llama.ts';

const { decoder } = scriptedTokenizer();

/** Feeds bytes in one token each; returns what came out, piece by piece. */
function spell(text: string, stop: readonly string[]) {
  const stream = createTextStream(decoder(), stop);
  const pieces: string[] = [];
  for (const byte of new TextEncoder().encode(text)) {
    const { text: piece, stopped } = stream.push(byte);
    pieces.push(piece);
    if (stopped) return { pieces, text: pieces.join(''), stopped };
  }
  const end = stream.end();
  pieces.push(end.text);
  return { pieces, text: pieces.join(''), stopped: end.stopped };
}

describe('createTextStream()', () => {
  test('sends at once what cannot be the start of a stop string', () => {
    expect(spell('abc', []).pieces).toEqual(['a', 'b', 'c', '']);
    expect(spell('abc', ['x']).pieces).toEqual(['a', 'b', 'c', '']);
  });

  test('withholds a possible stop string and lets it go when it is none', () => {
    expect(spell('a##b', ['###']).pieces).toEqual(['a', '', '', '##b', '']);
    expect(spell('a##', ['###']).pieces).toEqual(['a', '', '', '##']);
  });

  test('cuts a stop string that spans tokens, and all after it', () => {
    expect(spell('one\n\ntwo', ['\n\n'])).toEqual({
      pieces: ['o', 'n', 'e', '', ''],
      text: 'one',
      stopped: true,
    });
  });

  test('finds a stop string that begins inside a failed one', () => {
    expect(spell('aab', ['ab']).text).toBe('a');
    expect(spell('ababac.', ['abac']).text).toBe('ab');
  });

  test('keeps a character together', () => {
    expect(spell('é🦙', []).pieces).toEqual(['', 'é', '', '', '', '🦙', '']);
  });

  test('ends an unfinished character as U+FFFD', () => {
    const stream = createTextStream(decoder(), []);
    expect(stream.push(0xf0).text).toBe('');
    expect(stream.end().text).toBe('\ufffd');
  });

  test('ignores an empty stop string', () => {
    expect(spell('ab', ['']).text).toBe('ab');
  });

  test('cuts where reading one character at a time first completes a stop string, whatever the tokens', () => {
    const coin = createCoin(11);
    const letters = (most: number) =>
      Array.from({ length: 1 + Math.floor(coin() * most) }, () => 'ab'[Math.floor(coin() * 2)]).join('');

    for (let round = 0; round < 3000; round++) {
      const text = letters(14);
      const stops = Array.from({ length: Math.floor(coin() * 4) }, () => letters(4));

      let expected = text;
      let stopped = false;
      for (let end = 1; end <= text.length && !stopped; end++) {
        const ending = stops.filter((stop) => text.slice(0, end).endsWith(stop));
        if (ending.length === 0) continue;
        expected = text.slice(0, end - Math.max(...ending.map(({ length }) => length)));
        stopped = true;
      }

      // Tokens of random lengths: a decoder whose ids are indexes into pieces.
      const pieces: string[] = [];
      for (let rest = text; rest !== ''; ) {
        const size = 1 + Math.floor(coin() * 4);
        pieces.push(rest.slice(0, size));
        rest = rest.slice(size);
      }
      const stream = createTextStream({ push: (id) => pieces[id]!, end: () => '' }, stops);
      let sent = '';
      let done = false;
      for (let id = 0; id < pieces.length && !done; id++) {
        const step = stream.push(id);
        sent += step.text;
        done = step.stopped;
        if (!done) {
          const behind = pieces.slice(0, id + 1).join('').length - sent.length;
          expect(behind).toBeLessThan(Math.max(1, ...stops.map(({ length }) => length)));
        }
      }
      if (!done) sent += stream.end().text;
      expect({ text, stops, sent, done }).toEqual({ text, stops, sent: expected, done: stopped });
    }
  });
});
