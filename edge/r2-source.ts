import type { R2Bucket, R2ObjectBody } from '@cloudflare/workers-types';
import { FormatError } from '../models/errors.ts';
import type { ByteSource } from '../models/source.ts';
import { readChunks } from './read-chunks.ts';

/** An object in R2; undefined when there is none of that key. */
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
      yield* readChunks((await get(offset, length)).body, { name: key, offset, length });
    },
  };
}
