import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type HubHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface FakeHub extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
}

/** A local HTTP server in the hub's place. */
export async function fakeHub(handler: HubHandler): Promise<FakeHub> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Serves `bytes` as the hub's store does: ranges, a strong etag, If-Range. */
export function serveBytes(
  { headers }: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  etag = '"v1"',
) {
  const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
  const ifRange = headers['if-range'];
  const resume = from !== undefined && (ifRange === undefined || ifRange === etag);
  const start = resume ? Number(from) : 0;
  response.writeHead(resume ? 206 : 200, {
    etag,
    'content-length': bytes.length - start,
    ...(resume ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  response.end(bytes.subarray(start));
}

const CUT_AFTER_MS = 50; // a reset takes with it what the client has not read yet

/** Announces all of `bytes` from where the range begins, sends `count` of them, and cuts the connection. */
export function serveCut(
  { headers }: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  count: number,
) {
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start > 0 ? 206 : 200, {
    etag: '"v1"',
    'content-length': bytes.length - start,
    ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  response.write(bytes.subarray(start, start + count));
  setTimeout(() => response.socket!.destroy(), CUT_AFTER_MS);
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
