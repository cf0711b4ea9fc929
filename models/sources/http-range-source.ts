import { FormatError, RangeRequestError } from '../errors.ts';
import type { ByteSource } from '../source.ts';

/**
 * A file behind a URL, read by range requests. Tries once: whoever wants retries hands in a `fetch` that has them.
 *
 * Throws   RangeRequestError when the server refuses, knows no ranges, or sends other bytes than asked for
 * Source   RFC 9110, section 14
 */
export async function httpRangeSource(
  url: string,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  headers: Readonly<Record<string, string>> = {},
): Promise<ByteSource> {
  const get = (offset: number, length: number) =>
    fetch(url, {
      headers: { ...headers, range: `bytes=${offset}-${offset + length - 1}`, 'accept-encoding': 'identity' },
    });

  const probe = await get(0, 1);
  const size = await totalSize(url, probe, 0, 1);
  await probe.body?.cancel();

  const check = (offset: number, length: number) => {
    if (offset < 0 || length < 0 || offset + length > size) {
      throw new FormatError(url, offset, `${length} bytes wanted, the file ends at ${size}`);
    }
  };

  async function* stream(offset: number, length: number): AsyncGenerator<Uint8Array, void> {
    check(offset, length);
    if (length === 0) return;
    const response = await get(offset, length);
    const total = await totalSize(url, response, offset, length);
    if (total !== size) {
      await response.body?.cancel();
      throw new RangeRequestError(url, `was ${size} bytes long and is now ${total}`);
    }

    let sent = 0;
    for await (const chunk of chunksOf(response)) {
      sent += chunk.length;
      if (sent > length) break;
      yield chunk;
    }
    if (sent !== length) {
      const count = sent > length ? 'more than' : `${sent} of`;
      throw new RangeRequestError(url, `sent ${count} ${length} bytes from ${offset}`);
    }
  }

  return {
    name: url,
    size,
    stream,
    async read(offset, length) {
      check(offset, length);
      const bytes = new Uint8Array(length);
      let at = 0;
      for await (const chunk of stream(offset, length)) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return bytes;
    },
  };
}

/** A body's chunks. Safari's streams cannot be iterated over. */
async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array, void> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel(); // a caller that stops early stops the download
  }
}

/** The whole file's size, from a response that carries exactly the range asked for. */
async function totalSize(url: string, response: Response, offset: number, length: number): Promise<number> {
  const refuse = async (problem: string): Promise<never> => {
    await response.body?.cancel();
    throw new RangeRequestError(url, problem, response.status);
  };
  if (response.status === 200) return refuse('answers with the whole file: it knows no range requests');
  if (response.status !== 206) return refuse(`answers HTTP ${response.status} to a range request`);

  const header = response.headers.get('content-range');
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header ?? '');
  if (range === null) return refuse(`answers without a usable content-range: ${header}`);
  const [first, last, total] = range.slice(1).map(Number) as [number, number, number];
  if (first !== offset || last !== offset + length - 1 || !Number.isSafeInteger(total)) {
    return refuse(`was asked for bytes ${offset}-${offset + length - 1} and sent ${header}`);
  }
  return total;
}
