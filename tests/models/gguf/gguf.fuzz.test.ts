import { expect, test } from 'vitest';
import { FormatError } from '../../../models/errors.ts';
import { readGguf } from '../../../models/gguf/gguf.ts';
import { MAX_HEADER_BYTES } from '../../../models/gguf/header-cursor.ts';
import type { ByteSource } from '../../../models/source.ts';
import { bufferSource } from '../../../models/sources/buffer-source.ts';
import { writeGguf } from '../../support/gguf-writer.ts';
import { mutate } from '../../support/mutate.ts';
import { randomIntegers } from '../../support/random-integers.ts';

const FILES = 120_000;
const CHUNK_BYTES = 64 << 10;
const HEAP_LIMIT = 256 << 20;

const sound = writeGguf({
  metadata: {
    'general.architecture': 'llama',
    'general.alignment': 32,
    'llama.rope.freq_base': 0.5,
    'tokenizer.ggml.add_bos_token': false,
    'tokenizer.ggml.tokens': ['a', 'b', 'ab'],
    'tokenizer.ggml.token_type': Int32Array.of(1, 1, 3),
  },
  tensors: [
    { name: 'token_embd.weight', type: 'q4_0', shape: [32, 2], data: new Uint8Array(36) },
    { name: 'output_norm.weight', type: 'f32', shape: [32], data: new Uint8Array(128) },
    { name: 'blk.0.ffn_up.weight', type: 'q6_k', shape: [256, 1], data: new Uint8Array(210) },
  ],
});
const headerLength = sound.length - (64 + 128 + 210);

/** A source that says how much of it was read, and can claim to be larger than it is. */
function watched(bytes: Uint8Array, size: number): { source: ByteSource; bytesRead: () => number } {
  let bytesRead = 0;
  const source = {
    ...bufferSource('fuzz', bytes),
    size,
    async *stream(offset: number, length: number) {
      for (let at = offset; at < offset + length; at += CHUNK_BYTES) {
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, offset + length - at));
        chunk.set(bytes.subarray(at, at + chunk.length));
        bytesRead += chunk.length;
        yield chunk;
      }
    },
  };
  return { source, bytesRead: () => bytesRead };
}

/** How one file is taken: `read`, the reason it is refused for, or any other error, which is a bug. */
async function outcome(source: ByteSource): Promise<string> {
  try {
    const { tensors } = await readGguf(source);
    for (const { offset, bytes } of tensors.values()) {
      if (offset < 0 || offset + bytes > source.size) return 'BUG: a tensor outside the file';
    }
    return 'read';
  } catch (error) {
    if (!(error instanceof FormatError)) return `BUG: ${error}`;
    return Number.isSafeInteger(error.offset) && error.offset >= 0
      ? 'refused'
      : `BUG: offset ${error.offset}`;
  }
}

test(`readGguf reads or refuses each of ${FILES} broken files, and reads no more than a header`, async () => {
  const random = randomIntegers(7);
  const outcomes = new Map<string, number>();
  let mostRead = 0;
  const heapBefore = process.memoryUsage().arrayBuffers;
  let heapMost = 0;

  for (let i = 0; i < FILES; i++) {
    const bytes = mutate(sound, headerLength, random);
    // One file in 32 claims to be 1 TB, so that its own size does not save the reader from large counts.
    const huge = i % 32 === 0;
    const { source, bytesRead } = watched(bytes, huge ? 2 ** 40 : bytes.length);
    const result = await outcome(source);
    outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
    mostRead = Math.max(mostRead, bytesRead());
    if (i % 1000 === 0) heapMost = Math.max(heapMost, process.memoryUsage().arrayBuffers - heapBefore);
  }

  expect([...outcomes.keys()].filter((result) => result.startsWith('BUG'))).toEqual([]);
  expect(mostRead).toBeLessThanOrEqual(MAX_HEADER_BYTES);
  expect(heapMost).toBeLessThan(HEAP_LIMIT);
  // Both ends must be common, or the mutations are too harsh or too mild to test anything.
  expect(outcomes.get('read')).toBeGreaterThan(FILES / 50);
  expect(outcomes.get('refused')).toBeGreaterThan(FILES / 5);
});

test('readGguf refuses every truncation', async () => {
  for (let length = 0; length < sound.length; length++) {
    expect(await outcome(bufferSource('cut', sound.subarray(0, length)))).toBe('refused');
  }
});
