/** What a Worker makes of workerd's folder service, by a stand-in; tests/targets loads models through the real one. */
import type { Fetcher } from '@cloudflare/workers-types';
import { describe, expect, test } from 'vitest';
import { openDiskSource } from '../../edge/disk-source.ts';
import { FormatError } from '../../models/errors.ts';

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);

/** Serves `a model/file` as workerd does. */
function folder() {
  const state = { bytes: BYTES, modified: 'Wed, 25 Nov 2026 21:13:32 GMT' };
  const fetch = async (url: string, { method = 'GET', headers = {} }: RequestInit = {}) => {
    if (url !== 'http://folder/a%20model/file') return new Response(null, { status: 404 });
    const { bytes, modified } = state;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec((headers as { range?: string }).range ?? '') ?? [];
    const part = from === undefined ? bytes : bytes.slice(Number(from), Number(to) + 1);
    return new Response(method === 'HEAD' ? null : part, {
      status: from === undefined ? 200 : 206,
      headers: { 'content-length': String(part.length), 'last-modified': modified },
    });
  };
  return { state, fetcher: { fetch } as unknown as Fetcher };
}

describe('openDiskSource()', () => {
  test('finds no file where there is none', async () => {
    expect(await openDiskSource(folder().fetcher, 'a model/other')).toBeUndefined();
  });

  test('reads any part, and none', async () => {
    const source = (await openDiskSource(folder().fetcher, 'a model/file'))!;
    expect(source.size).toBe(100);
    expect(await source.read(10, 5)).toEqual(BYTES.slice(10, 15));
    expect(await source.read(0, 100)).toEqual(BYTES);
    expect(await source.read(100, 0)).toEqual(new Uint8Array(0));
  });

  test('asks for nothing past the end', async () => {
    const source = (await openDiskSource(folder().fetcher, 'a model/file'))!;
    await expect(source.read(99, 2)).rejects.toThrow('2 bytes wanted, the file ends at 100');
    await expect(source.read(-1, 2)).rejects.toThrow(FormatError);
  });

  test.each([
    { what: 'another time', change: { modified: 'Wed, 25 Nov 2026 21:13:33 GMT' } },
    { what: 'fewer bytes', change: { bytes: BYTES.slice(0, 12) } },
  ])('sees that a file with $what is another', async ({ change }) => {
    const { state, fetcher } = folder();
    const source = (await openDiskSource(fetcher, 'a model/file'))!;
    Object.assign(state, change);
    await expect(source.read(10, 5)).rejects.toThrow('the file has changed');
  });
});
