import type { ReadableStream } from '@cloudflare/workers-types';
import { FormatError } from '../models/errors.ts';

const CHUNK_BYTES = 1 << 20;

/**
 * The `length` bytes of a body, which begin at `offset` of the file `name`, in one buffer that is filled again and again:
 * the default reader hands out 4 KiB at a time, and `arrayBuffer()` would hold the weights twice.
 *
 * Throws   FormatError when the body ends early
 */
export async function* readChunks(
  body: ReadableStream,
  { name, offset, length }: { readonly name: string; readonly offset: number; readonly length: number },
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader({ mode: 'byob' });
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  let done = 0;
  try {
    while (done < length) {
      const { value } = await reader.readAtLeast(CHUNK_BYTES, new Uint8Array(buffer));
      if (value === undefined || value.length === 0) break;
      done += value.length;
      yield value;
      buffer = value.buffer as ArrayBuffer;
    }
  } finally {
    await reader.cancel();
  }
  if (done < length) throw new FormatError(name, offset + done, `it ends, ${length - done} bytes early`);
}
