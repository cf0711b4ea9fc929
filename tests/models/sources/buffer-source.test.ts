import { expect, test } from 'vitest';
import { FormatError } from '../../../models/errors.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';

const bytes = Uint8Array.from({ length: 3 << 20 }, (_, i) => i % 251);

test('bufferSource reads what was asked for', async () => {
  const source = bufferSource('buffer', bytes);
  expect(source.size).toBe(bytes.length);
  expect(await source.read(500, 3)).toEqual(bytes.slice(500, 503));
  expect(await source.read(bytes.length, 0)).toEqual(new Uint8Array(0));
});

test('bufferSource streams in order, in several chunks', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bufferSource('buffer', bytes).stream(7, 2 << 20)) chunks.push(chunk);
  expect(chunks.length).toBeGreaterThan(1);
  expect(Buffer.concat(chunks).equals(bytes.subarray(7, 7 + (2 << 20)))).toBe(true);
});

test('bufferSource refuses what is not all there', async () => {
  const source = bufferSource('buffer', bytes.subarray(0, 10));
  await expect(source.read(8, 3)).rejects.toThrow('buffer: byte 8: 3 bytes wanted, the buffer ends at 10');
  await expect(source.read(-1, 3)).rejects.toThrow(FormatError);
  await expect(source.stream(0, 11)[Symbol.asyncIterator]().next()).rejects.toThrow(FormatError);
});
