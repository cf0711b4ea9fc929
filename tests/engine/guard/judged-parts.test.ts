import { describe, expect, test } from 'vitest';
import type { Part } from '../../../engine/engine.ts';
import { judgedParts } from '../../../engine/guard/judged-parts.ts';
import { uniform } from '../../support/numbers.ts';

const SIZES = { step: 24, overlap: 12 };
const UNSAFE = 'UNSAFE-SPAN'; // 11 characters: the overlap's, less one
const usage = { promptTokens: 5, cachedTokens: 1, completionTokens: 7 };
const done = { type: 'done', reason: 'stop', usage } as const;

async function* toParts(
  text: string,
  lengths: () => number,
  left?: { count: number },
): AsyncGenerator<Part, void> {
  try {
    for (let at = 0; at < text.length; ) {
      const length = lengths();
      yield { type: 'text', text: text.slice(at, at + length) };
      at += length;
    }
    yield done;
  } finally {
    if (left) left.count++;
  }
}

/** What reaches the client, the windows that were judged, and where in the text each began. */
async function run(text: string, lengths: () => number) {
  const windows: string[] = [];
  let sent = '';
  const starts: number[] = [];
  const isUnsafe = async (window: string) => {
    windows.push(window);
    starts.push(sent.length);
    return window.includes(UNSAFE);
  };
  let reason: string | undefined;
  for await (const part of judgedParts(toParts(text, lengths), isUnsafe, 5, SIZES)) {
    if (part.type === 'text') sent += part.text;
    if (part.type === 'done') reason = part.reason;
  }
  return { sent, reason, windows, starts };
}

const filler = (length: number) => 'abcdefghij'.repeat(Math.ceil(length / 10)).slice(0, length);
const random = uniform(3);
const chunkings: readonly [string, () => number][] = [
  ...[1, 2, 3, 5, 8, 13, 24, 25, 60, 1000].map((length): [string, () => number] => [
    `${length}`,
    () => length,
  ]),
  ...[4, 10, 40].map((most): [string, () => number] => [
    `up to ${most}`,
    () => 1 + Math.floor(random() * most),
  ]),
];

describe.each(chunkings)('in chunks of %s characters', (_, lengths) => {
  test('nothing at or after the start of an unsafe window is sent, wherever the span stands', async () => {
    for (let at = 0; at <= 120; at++) {
      const text = filler(at) + UNSAFE + filler(120 - at);
      const { sent, reason, windows, starts } = await run(text, lengths);
      expect(reason, `at ${at}`).toBe('content_filter');
      expect(text.startsWith(sent)).toBe(true);
      expect(sent.length).toBe(starts.at(-1));
      expect(text.slice(starts.at(-1)!).startsWith(windows.at(-1)!)).toBe(true);
      expect(sent.length, `at ${at}`).toBeLessThanOrEqual(at);
    }
  });

  test('what is safe is sent whole, each character judged before', async () => {
    const text = filler(300);
    const { sent, reason, windows, starts } = await run(text, lengths);
    expect([sent, reason]).toEqual([text, 'stop']);
    let judged = 0;
    for (const [i, window] of windows.entries()) {
      expect(starts[i]).toBeLessThanOrEqual(judged);
      judged = Math.max(judged, starts[i]! + window.length);
    }
    expect(judged).toBe(text.length);
  });
});

test('windows overlap', async () => {
  const { windows } = await run(filler(200), () => 1);
  for (const [i, window] of windows.entries())
    if (i > 0) expect(windows[i - 1]!.endsWith(window.slice(0, SIZES.overlap))).toBe(true);
});

test('the model is stopped at an unsafe window', async () => {
  const left = { count: 0 };
  const text = UNSAFE + filler(10_000);
  const parts: Part[] = [];
  for await (const part of judgedParts(
    toParts(text, () => 5, left),
    async () => true,
    5,
    SIZES,
  ))
    parts.push(part);
  expect(parts).toEqual([
    {
      type: 'done',
      reason: 'content_filter',
      usage: { promptTokens: 5, cachedTokens: 0, completionTokens: 5 },
    },
  ]);
  expect(left.count).toBe(1);
});

test('a reader who leaves stops the model', async () => {
  const left = { count: 0 };
  for await (const _ of judgedParts(
    toParts(filler(500), () => 5, left),
    async () => false,
    5,
    SIZES,
  ))
    break;
  expect(left.count).toBe(1);
});

test('a guard that fails lets nothing out', async () => {
  const sent: Part[] = [];
  const fail = async () => {
    throw new Error('broken');
  };
  await expect(async () => {
    for await (const part of judgedParts(
      toParts(filler(500), () => 5),
      fail,
      5,
      SIZES,
    ))
      sent.push(part);
  }).rejects.toThrow('broken');
  expect(sent).toEqual([]);
});

test('calls are judged: their names and what they are given', async () => {
  async function* parts(): AsyncGenerator<Part, void> {
    yield { type: 'tool_call', index: 0, name: 'look' };
    yield { type: 'tool_arguments', index: 0, text: '{"at":' };
    yield { type: 'tool_arguments', index: 0, text: '"x"}' };
    yield { ...done, reason: 'tool_calls' };
  }
  const windows: string[] = [];
  const isUnsafe = async (window: string) => {
    windows.push(window);
    return true;
  };
  const sent: Part[] = [];
  for await (const part of judgedParts(parts(), isUnsafe, 5, SIZES)) sent.push(part);
  expect(windows).toEqual(['\nlook{"at":"x"}']);
  expect(sent).toEqual([{ ...done, reason: 'content_filter' }]);
});

test('an empty reply is not judged', async () => {
  expect(await run('', () => 1)).toEqual({ sent: '', reason: 'stop', windows: [], starts: [] });
});
