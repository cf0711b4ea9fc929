/**
 * The endpoint of a Lambda Web Function: passes requests to its server, and the answers back as they come. No byte of an
 * answer is read before all of the request has been sent.
 *
 * Source   AWS Lambda Developer Guide, "HTTP requests and responses" of Web Functions
 */
import { once } from 'node:events';
import { request as ask, createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

export interface WebFunctionEndpoint extends Disposable {
  readonly url: URL;
}

const NOT_PASSED = ['connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer', 'x-real-ip'];

export async function startWebFunctionEndpoint(port: number): Promise<WebFunctionEndpoint> {
  const server = createServer(async (request, response) => {
    const { method, url: path } = request;
    const outgoing = ask({ port, method, path, headers: headersOf(request), agent: false });
    response.once('close', () => outgoing.destroy());
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    try {
      await pipeline(request, outgoing);
      const [answer] = await answered;
      response.writeHead(answer.statusCode!, answer.headers);
      response.flushHeaders();
      await pipeline(answer, response);
    } catch {
      answered.catch(() => {});
      if (!response.headersSent) response.statusCode = 502;
      response.end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function headersOf({ headers, socket }: IncomingMessage) {
  const passed = Object.entries(headers).filter(([name]) => !NOT_PASSED.includes(name));
  const from = [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', ');
  return {
    ...Object.fromEntries(passed),
    host: 'bcdfghjklmnpqrst.b7t.lambda-web.eu-central-1.on.aws',
    'x-forwarded-for': from,
    'lambda-web-request-id': crypto.randomUUID(),
    'lambda-web-endpoint-name': 'prod',
  };
}
