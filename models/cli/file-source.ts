import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../errors.ts';
import type { ByteSource, OpenFile } from '../source.ts';

const CHUNK_BYTES = 1 << 20; // one lies beside the weights while they load; of 4 MiB they would save 50 ms a gigabyte

/** A file on disk, held open until `close`. `stream` reuses one buffer. */
export interface FileSource extends ByteSource, AsyncDisposable {
  close(): Promise<void>;
}

/** Opens `path`. Throws the file system's error when it cannot be read. */
export async function openFileSource(path: string): Promise<FileSource> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();

  const fill = async (target: Uint8Array, offset: number): Promise<void> => {
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await handle.read(target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) throw new FormatError(path, offset + filled, `the file ends at ${size}`);
      filled += bytesRead;
    }
  };
  const check = (offset: number, length: number): void => {
    if (offset < 0 || length < 0 || offset + length > size)
      throw new FormatError(path, offset, `${length} bytes wanted, the file ends at ${size}`);
  };
  const close = (): Promise<void> => handle.close();

  return {
    name: path,
    size,
    async read(offset, length) {
      check(offset, length);
      const bytes = new Uint8Array(length);
      await fill(bytes, offset);
      return bytes;
    },
    async *stream(offset, length) {
      check(offset, length);
      const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length));
      for (let done = 0; done < length; done += buffer.length) {
        const chunk = buffer.subarray(0, Math.min(buffer.length, length - done));
        await fill(chunk, offset + done);
        yield chunk;
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Opens the files of a folder by their names. */
export function openFolder(folder: string): OpenFile {
  return async (file) => {
    try {
      return await openFileSource(join(folder, file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
}
