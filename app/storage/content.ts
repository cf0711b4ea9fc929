import { BodyTooLargeError } from '../errors.ts';
import type { Storage } from './storage.ts';
import { write } from './write.ts';

const CHUNK_BYTES = 256 << 10;
const UNFINISHED_MS = 60 * 60 * 1000; // what an upload that never ends leaves is gone by then

/** Bytes that were there are not any more. */
export class ContentGoneError extends Error {
  override readonly name = 'ContentGoneError';

  constructor(id: string) {
    super(`the content of ${id} is gone`);
  }
}

/** Bytes behind the id of what they belong to. */
export const contentKey = (id: string) => ({ kind: 'content', id }) as const;

export interface ContentOptions {
  readonly id: string;
  readonly maxBytes: number;
  readonly nowMs: number;
}

/**
 * Keeps bytes as they come, a chunk at a time. They are only kept for good once their record is replaced by one that
 * expires later or never. Returns how many there are.
 *
 * Throws   BodyTooLargeError · StorageFullError · what `bytes` throws; nothing is kept then
 */
export async function writeContent(
  storage: Storage,
  bytes: AsyncIterable<Uint8Array>,
  { id, maxBytes, nowMs }: ContentOptions,
): Promise<number> {
  const key = contentKey(id);
  await write(storage, [{ type: 'put', ...key, value: '', expiresAtMs: nowMs + UNFINISHED_MS }]);
  try {
    let length = 0;
    for await (const chunk of inChunks(bytes)) {
      length += chunk.length;
      if (length > maxBytes) throw new BodyTooLargeError(maxBytes);
      await write(storage, [{ type: 'append', ...key, bytes: chunk }]);
    }
    return length;
  } catch (error) {
    await storage.write([{ type: 'delete', ...key }]);
    throw error;
  }
}

/** The same bytes in chunks of one size. A chunk is written over once the next is asked for. */
async function* inChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  for await (let rest of bytes) {
    while (rest.length > 0) {
      const part = rest.subarray(0, CHUNK_BYTES - filled);
      buffer.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (filled < CHUNK_BYTES) continue;
      yield buffer;
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/** Bytes that were kept, some at a time, from one of them on. Throws ContentGoneError. */
export async function* readContent(storage: Storage, id: string, first = 0): AsyncGenerator<Uint8Array> {
  for (let from: number | undefined = first; from !== undefined; ) {
    const part = await storage.read(contentKey(id), from);
    if (part === undefined) throw new ContentGoneError(id);
    if (part.bytes.length > 0) yield part.bytes;
    from = part.next;
  }
}
