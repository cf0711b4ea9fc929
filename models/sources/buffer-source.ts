import { FormatError } from '../errors.ts';
import type { ByteSource } from '../source.ts';

const CHUNK_BYTES = 1 << 20;

/** Bytes already in memory. `read` and `stream` give views of them, not copies. */
export function bufferSource(name: string, bytes: Uint8Array): ByteSource {
  const check = (offset: number, length: number) => {
    if (offset < 0 || length < 0 || offset + length > bytes.length) {
      throw new FormatError(name, offset, `${length} bytes wanted, the buffer ends at ${bytes.length}`);
    }
  };
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      check(offset, length);
      return bytes.subarray(offset, offset + length);
    },
    async *stream(offset, length) {
      check(offset, length);
      const end = offset + length;
      for (let at = offset; at < end; at += CHUNK_BYTES)
        yield bytes.subarray(at, Math.min(end, at + CHUNK_BYTES));
    },
  };
}
