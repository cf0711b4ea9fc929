/**
 * A Function URL and the Runtime API behind it, on one port: a request becomes an event, and what the function sends
 * back, after its prelude, the response. Unlike AWS's, it passes on events of more than 6 MB, and tells the function of
 * clients who leave.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ResponsePrelude } from '../../lambda/runtime.ts';
import { DELIMITER, PRELUDE_TYPE } from './awslambda.ts';
import { functionUrlEvent } from './function-url-event.ts';

export interface LambdaService extends Disposable {
  readonly url: URL;
}

interface Invocation {
  readonly id: string;
  readonly event: object;
  readonly client: ServerResponse;
  readonly left: Promise<boolean>;
}

const RUNTIME = '/2018-06-01/runtime/invocation/';

export async function startLambdaService(timeoutMs: number): Promise<LambdaService> {
  const waiting: Invocation[] = []; // for a runtime
  const idle: ((invocation: Invocation) => void)[] = []; // runtimes that ask for more
  const running = new Map<string, Invocation>();

  const server = createServer((request, response) => {
    const path = request.url!;
    if (path.startsWith(RUNTIME)) void runtimeApi(path.slice(RUNTIME.length), request, response);
    else void functionUrl(request, response);
  });

  async function functionUrl(request: IncomingMessage, client: ServerResponse): Promise<void> {
    const id = randomUUID();
    const left = new Promise<boolean>((resolve) => {
      client.once('close', () => resolve(!client.writableFinished));
    });
    const body = await buffer(request).catch(() => undefined);
    if (!body) return;
    const invocation = { id, event: functionUrlEvent(request, body, id), client, left };
    running.set(id, invocation);
    const runtime = idle.shift();
    if (runtime) runtime(invocation);
    else waiting.push(invocation);
  }

  async function runtimeApi(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (path === 'next') {
      const { id, event } = waiting.shift() ?? (await new Promise<Invocation>((take) => idle.push(take)));
      response.setHeader('lambda-runtime-aws-request-id', id);
      response.setHeader('lambda-runtime-deadline-ms', String(Date.now() + timeoutMs));
      response.end(JSON.stringify(event));
      return;
    }
    const [id, what] = path.split('/') as [string, string];
    const invocation = running.get(id);
    if (!invocation || what === 'left') {
      response.statusCode = invocation && (await invocation.left) ? 200 : 204;
      response.end();
      return;
    }
    const { client } = invocation;
    if (what === 'error') client.writeHead(502).end('{"Message":"Internal Server Error"}');
    else await passOn(request, client).catch(() => client.destroy());
    running.delete(id);
    response.end();
  }

  server.keepAliveTimeout = 600_000; // a connection closed just when it is used again would be a client who leaves
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Reads no faster than the client does. */
async function passOn(sent: IncomingMessage, client: ServerResponse): Promise<void> {
  if (sent.headers['content-type'] !== PRELUDE_TYPE)
    throw new Error(`content-type ${sent.headers['content-type']}`);
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of sent as AsyncIterable<Buffer>) {
    let body = chunk;
    if (head) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(DELIMITER);
      if (end < 0) continue;
      const { statusCode, headers, cookies } = JSON.parse(head.toString('utf8', 0, end)) as ResponsePrelude;
      client.writeHead(statusCode, { ...headers, ...(cookies.length ? { 'set-cookie': [...cookies] } : {}) });
      client.flushHeaders();
      body = head.subarray(end + DELIMITER.length);
      head = undefined;
    }
    if (body.length > 0 && !client.write(body) && !client.destroyed)
      await new Promise((resolve) => client.once('drain', resolve).once('close', resolve));
  }
  client.end();
}
