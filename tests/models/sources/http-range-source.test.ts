import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { RangeRequestError } from '../../../models/errors.ts';
import { httpRangeSource } from '../../../models/sources/http-range-source.ts';

const file = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251);
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A real server on this machine, and its URL. */
async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((ready) => server?.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`;
}

function asked(range: string | undefined): [number, number] {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')!;
  return [Number(first), Number(last)];
}

/** Serves the file in ranges; `change` says what it does wrong, after the first request. */
const ranges = (
  change: { total?: number; shift?: number; cut?: number; extra?: number; status?: number } = {},
) => {
  let requests = 0;
  const listener: RequestListener = (request, response) => {
    const { total = file.length, shift = 0, cut = 0, extra = 0, status = 206 } = requests++ > 0 ? change : {};
    const [first, last] = asked(request.headers.range);
    response.writeHead(status, { 'content-range': `bytes ${first + shift}-${last + shift}/${total}` });
    response.end(file.subarray(first, last + 1 - cut + extra));
  };
  return listener;
};

test('httpRangeSource learns the size, then reads and streams ranges', async () => {
  const source = await httpRangeSource(await serve(ranges()), fetch);
  expect(source.size).toBe(file.length);
  expect(await source.read(1000, 5)).toEqual(file.slice(1000, 1005));
  expect(await source.read(file.length - 1, 1)).toEqual(file.slice(-1));
  expect(await source.read(5, 0)).toEqual(new Uint8Array(0));

  const chunks: Uint8Array[] = [];
  for await (const chunk of source.stream(10, 250_000)) chunks.push(chunk.slice());
  expect(Buffer.concat(chunks).equals(file.subarray(10, 250_010))).toBe(true);
});

test('httpRangeSource sends its headers with every request', async () => {
  const tokens: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    tokens.push(request.headers.authorization);
    ranges()(request, response);
  });
  await (await httpRangeSource(url, fetch, { authorization: 'Bearer t' })).read(0, 3);
  expect(tokens).toEqual(['Bearer t', 'Bearer t']);
});

test.each([200, 401, 404, 416, 503])(
  'httpRangeSource refuses HTTP %i, and keeps the status',
  async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end('whole file or excuse'));
    const refusal = await httpRangeSource(url, fetch).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RangeRequestError);
    expect(refusal).toMatchObject({ status });
    expect((refusal as Error).message).toContain(
      status === 200 ? 'knows no range requests' : `HTTP ${status}`,
    );
  },
);

test.each([undefined, 'bytes 0-0/*', 'bytes 1-0/300000', 'bytes 0-1/300000', 'items 0-0/10'])(
  'httpRangeSource refuses content-range %s',
  async (header) => {
    const url = await serve((_, response) => {
      response.writeHead(206, header === undefined ? {} : { 'content-range': header }).end('x');
    });
    await expect(httpRangeSource(url, fetch)).rejects.toThrow(RangeRequestError);
  },
);

test.each([
  ['another file', { total: 300_001 }, 'was 300000 bytes long and is now 300001'],
  ['another range', { shift: 1 }, 'was asked for bytes 100-199 and sent bytes 101-200/300000'],
  ['too few bytes', { cut: 10 }, 'sent 90 of 100 bytes from 100'],
  ['too many bytes', { extra: 10 }, 'sent more than 100 bytes from 100'],
  ['an error', { status: 500 }, 'answers HTTP 500'],
])('read refuses %s', async (_, change, message) => {
  const source = await httpRangeSource(await serve(ranges(change)), fetch);
  await expect(source.read(100, 100)).rejects.toThrow(message);
});

test('read refuses a range outside the file without asking for it', async () => {
  let requests = 0;
  const source = await httpRangeSource(await serve(ranges()), (url, init) => {
    requests++;
    return fetch(url, init);
  });
  await expect(source.read(file.length - 1, 2)).rejects.toThrow('the file ends at 300000');
  expect(requests).toBe(1);
});
