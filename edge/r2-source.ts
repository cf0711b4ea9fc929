import type { R2Bucket, R2ObjectBody } from '@cloudflare/workers-types';
import { FormatError } from '../models/errors.ts';
import type { ByteSource } from '../models/source.ts';

const CHUNK_BYTES = 1 << 20;

/**
 * An object in R2; undefined when there is none of that key. `stream` fills one buffer of its own again and again: the default reader hands out 4 KiB at a time
 * and `arrayBuffer()` would hold the weights twice.
 */
export async function openR2Source(bucket: R2Bucket, key: string): Promise<ByteSource | undefined> {
  const head = await bucket.head(key);
  if (head === null) return undefined;

  const get = async (offset: number, length: number): Promise<R2ObjectBody> => {
    if (offset < 0 || length < 0 || offset + length > head.size)
      throw new FormatError(key, offset, `${length} bytes wanted, the object ends at ${head.size}`);
    const object = await bucket.get(key, { range: { offset, length }, onlyIf: { etagMatches: head.etag } });
    if (object === null || !('body' in object)) throw new FormatError(key, offset, 'the object has changed');
    return object;
  };

  return {
    name: key,
    size: head.size,
    sha256: head.checksums.toJSON().sha256, // R2 refuses a `put` whose bytes have another
    read: async (offset, length) => new Uint8Array(await (await get(offset, length)).arrayBuffer()),
    async *stream(offset, length) {
      const reader = (await get(offset, length)).body.getReader({ mode: 'byob' });
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
      if (done < length)
        throw new FormatError(key, offset + done, `the object ends, ${length - done} bytes early`);
    },
  };
}
