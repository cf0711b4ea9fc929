import type { Fetcher, Response } from '@cloudflare/workers-types';
import { FormatError } from '../models/errors.ts';
import type { ByteSource } from '../models/source.ts';
import { readChunks } from './read-chunks.ts';

/**
 * A file of a folder that workerd serves from the disk; undefined when there is none of that name.
 *
 * Source   DiskDirectory in workerd.capnp: HEAD says the size, GET takes a Range
 */
export async function openDiskSource(folder: Fetcher, path: string): Promise<ByteSource | undefined> {
  const url = `http://folder/${path.split('/').map(encodeURIComponent).join('/')}`;
  const head = await folder.fetch(url, { method: 'HEAD' });
  if (head.status === 404) return undefined;
  if (!head.ok) throw new FormatError(path, 0, `it cannot be read: HTTP ${head.status}`);
  const size = Number(head.headers.get('content-length'));
  const modified = head.headers.get('last-modified');

  const get = async (offset: number, length: number): Promise<Response> => {
    if (offset < 0 || length < 0 || offset + length > size)
      throw new FormatError(path, offset, `${length} bytes wanted, the file ends at ${size}`);
    const range = `bytes=${offset}-${offset + length - 1}`;
    const reply = await folder.fetch(url, length === 0 ? { method: 'HEAD' } : { headers: { range } });
    const { headers } = reply;
    const got = length === 0 ? 0 : Number(headers.get('content-length'));
    if (!reply.ok || got !== length || headers.get('last-modified') !== modified)
      throw new FormatError(path, offset, 'the file has changed');
    return reply;
  };

  return {
    name: path,
    size,
    read: async (offset, length) => new Uint8Array(await (await get(offset, length)).arrayBuffer()),
    async *stream(offset, length) {
      const { body } = await get(offset, length);
      if (body !== null) yield* readChunks(body, { name: path, offset, length });
    },
  };
}
