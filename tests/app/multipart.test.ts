import { describe, expect, test } from 'vitest';
import { readForm } from '../../app/multipart.ts';

const TYPE = 'multipart/form-data; boundary=XX';

/** A body in chunks of so many bytes. */
function request(body: string | Uint8Array, chunk = 1e9, type = TYPE): Request {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(at, at + chunk));
      at += chunk;
    },
  });
  const init = { method: 'POST', headers: { 'content-type': type }, body: stream, duplex: 'half' };
  return new Request('http://x/', init as RequestInit);
}

async function read(from: Request, maxBytes = 1e6) {
  const parts: [name: string, filename: string | undefined, text: string][] = [];
  for await (const { name, filename, bytes } of readForm(from, maxBytes)) {
    const all: number[] = [];
    for await (const chunk of bytes) all.push(...chunk);
    parts.push([name, filename, new TextDecoder().decode(Uint8Array.from(all))]);
  }
  return parts;
}

const part = (name: string, body: string) =>
  `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${body}\r\n`;

describe('a form', () => {
  const BODY = `a preamble\r\n${part('a', '1')}--XX\r\ncontent-type: text/plain\r\nContent-Disposition: form-data; name="b"; filename="%22é%0A.txt"\r\n\r\nline\r\n--X\r\n\r\n--XY\r\n${part('c', '')}--XX--\r\nan epilogue`;
  const PARTS = [
    ['a', undefined, '1'],
    ['b', '"é\n.txt', 'line\r\n--X\r\n\r\n--XY'],
    ['c', undefined, ''],
  ];

  test.each(Array.from({ length: 40 }, (_, i) => i + 1))('in chunks of %i bytes', async (chunk) => {
    expect(await read(request(BODY, chunk))).toEqual(PARTS);
  });

  test('as undici writes it', async () => {
    const form = new FormData();
    form.append('purpose', 'batch');
    form.append('file', new Blob(['x\r\ny']), 'a"b;c.txt');
    expect(await read(new Request('http://x/', { method: 'POST', body: form }))).toEqual([
      ['purpose', undefined, 'batch'],
      ['file', 'a"b;c.txt', 'x\r\ny'],
    ]);
  });

  test('skips what a reader leaves of a field', async () => {
    const names: string[] = [];
    for await (const { name, bytes } of readForm(
      request(`${part('a', 'x'.repeat(99))}${part('b', 'y')}--XX--`, 7),
      1e6,
    )) {
      names.push(name);
      for await (const _ of bytes) break;
    }
    expect(names).toEqual(['a', 'b']);
  });

  test('is not read further than it is wanted', async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++;
          controller.enqueue(
            new TextEncoder().encode(pulled === 1 ? part('a', 'x').slice(0, -2) : 'x'.repeat(100)),
          );
        },
      },
      { highWaterMark: 0 },
    );
    const init = { method: 'POST', headers: { 'content-type': TYPE }, body, duplex: 'half' };
    const parts = readForm(new Request('http://x/', init as RequestInit), 1e6);
    const { value } = await parts.next();
    expect(pulled).toBe(1);
    for await (const _ of value!.bytes) if (pulled === 3) break;
    expect(pulled).toBe(3);
  });
});

test.each([
  ['', 'ends too early'],
  ['--XX', 'ends too early'],
  [part('a', 'x'), 'ends too early'],
  ['--XXX\r\n\r\n', 'followed by neither'],
  ['--XX\r\n\r\nx\r\n--XX--', 'has no name'],
  ['--XX\r\nContent-Disposition: attachment\r\n\r\nx\r\n--XX--', 'has no name'],
  [`--XX\r\nx: ${'y'.repeat(9000)}\r\n\r\nx\r\n--XX--`, 'longer than 8192'],
  [part('a', 'x').repeat(33), 'more than 32'],
])('%j is no form: %s', async (body, why) => {
  for (const chunk of [1e9, 3])
    await expect(read(request(body, chunk))).rejects.toMatchObject({
      code: 'invalid_form',
      message: expect.stringContaining(why),
    });
});

test.each([
  'application/json',
  'multipart/form-data',
  'multipart/form-data; boundary=""',
  `multipart/form-data; boundary=${'x'.repeat(71)}`,
])('a body of type %s is no form', async (type) => {
  await expect(read(request('--XX--', 9, type))).rejects.toMatchObject({ code: 'invalid_form' });
});

test('a body that turns out too long is refused on the way', async () => {
  await expect(read(request(part('a', 'x'.repeat(1000)), 100), 500)).rejects.toMatchObject({
    code: 'body_too_large',
  });
});
