import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a path answers: a file of this machine, or a text. */
export type Served = Readonly<
  Record<string, { readonly type: string; readonly file?: string; readonly text?: string }>
>;

/** Serves a few things on a free port, files by range when asked. Returns the address and a way to stop. */
export async function servePage(served: Served): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(({ url, headers }, response) => {
    const found = served[url ?? ''];
    if (found === undefined) return response.writeHead(404).end();
    const { type, file, text } = found;
    if (file === undefined) return response.writeHead(200, { 'content-type': type }).end(text);

    const { size } = statSync(file);
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
    const [start, end] = range === null ? [0, size - 1] : [Number(range[1]), Number(range[2])];
    response.writeHead(range === null ? 200 : 206, {
      'content-type': type,
      'content-length': end - start + 1,
      'content-range': `bytes ${start}-${end}/${size}`,
    });
    createReadStream(file, { start, end }).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
