import { expect, test } from 'vitest';
import { createSseParser, sseData } from '../../web/sse.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

async function read(...chunks: readonly Uint8Array[]): Promise<string[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const events: string[] = [];
  for await (const data of sseData(body)) events.push(data);
  return events;
}

const cases = [
  { why: 'one event', text: 'data: a\n\n', data: ['a'] },
  { why: 'no space after the colon', text: 'data:a\n\n', data: ['a'] },
  { why: 'only the first space goes', text: 'data:  a\n\n', data: [' a'] },
  { why: 'CRLF', text: 'data: a\r\n\r\ndata: b\r\n\r\n', data: ['a', 'b'] },
  { why: 'bare CR', text: 'data: a\r\rdata: b\r\r', data: ['a', 'b'] },
  { why: 'two data lines', text: 'data: a\ndata: b\n\n', data: ['a\nb'] },
  { why: 'a field with no colon', text: 'data\n\n', data: [''] },
  { why: 'comments and other fields', text: ': ping\n\nevent: x\nid: 1\ndata: a\nretry: 5\n\n', data: ['a'] },
  { why: 'a field that only begins like data', text: 'database: a\n\ndata: b\n\n', data: ['b'] },
  { why: 'a byte order mark', text: '\uFEFFdata: a\n\n', data: ['a'] },
  { why: 'two, three and four byte characters', text: 'data: é ☃ 🦙\n\n', data: ['é ☃ 🦙'] },
  { why: 'an unfinished event', text: 'data: a\n\ndata: b\n', data: ['a'] },
  { why: 'blank lines alone', text: '\n\n\n\ndata: a\n\n\n', data: ['a'] },
];

test.each(cases)('sseData() reads $why, split at every byte', async ({ text, data }) => {
  const whole = bytes(text);
  for (let cut = 0; cut <= whole.length; cut++)
    expect(await read(whole.slice(0, cut), whole.slice(cut)), `cut at ${cut}`).toEqual(data);
});

test.each(cases)('sseData() reads $why, byte by byte', async ({ text, data }) => {
  expect(await read(...Array.from(bytes(text), (byte) => Uint8Array.of(byte)))).toEqual(data);
});

test('createSseParser() gives an event as soon as its blank line is there', () => {
  const parse = createSseParser();
  expect(parse('data: a\r')).toEqual([]);
  expect(parse('\n\r')).toEqual(['a']); // does not wait to see whether "\n" follows
  expect(parse('\ndata: b\n\n')).toEqual(['b']);
});

test('sseData() cancels the body when the loop is left', async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes('data: a\n\n')),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const data of sseData(body)) {
    expect(data).toBe('a');
    break;
  }
  expect(cancelled).toBe(true);
});
