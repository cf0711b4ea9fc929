import { clientAddress } from '../app/access/address.ts';
import { describeError } from '../app/errors.ts';
import { promptFieldOf } from '../app/run.ts';
import { withDeadline } from './deadline.ts';
import { eventRequest } from './event-request.ts';
import { MARGIN_MS } from './in-time.ts';
import { FunctionUrlEvent, type ResponseStream, type StreamingHandler } from './runtime.ts';

export interface HandlerDeps {
  /** The app. `deadlineMs`: Unix milliseconds. */
  readonly fetch: (
    request: Request,
    bindings: { readonly deadlineMs: number; readonly address: string | undefined },
  ) => Response | Promise<Response>;
  /** How many add who asked them to `x-forwarded-for`. */
  readonly proxies: number;
  readonly nowMs: () => number;
}

/**
 * A Function URL's requests, answered by an app, piece by piece as the client reads. Who leaves stops what he asked for.
 * An answer ends, well-formed, before the invocation's time does.
 */
export function createStreamingHandler({ fetch, proxies, nowMs }: HandlerDeps): StreamingHandler {
  return async (value, stream, context) => {
    const event = FunctionUrlEvent.parse(value);
    const client = new AbortController();
    const leave = () => client.abort();
    stream.once('close', leave);
    stream.once('error', leave);

    const ms = context.getRemainingTimeInMillis() - MARGIN_MS;
    const told = (error: unknown, requestId: string) =>
      describeError(error, { requestId, promptField: promptFieldOf(event.rawPath) });
    const ask = async (signal: AbortSignal): Promise<Response> => {
      try {
        const request = eventRequest(event, signal);
        const { sourceIp } = event.requestContext.http;
        const address = clientAddress(sourceIp, request.headers.get('x-forwarded-for'), proxies);
        return await fetch(request, { deadlineMs: nowMs() + ms, address });
      } catch (error) {
        const { status, body } = told(error, context.awsRequestId);
        return Response.json(body, { status, headers: { 'access-control-allow-origin': '*' } });
      }
    };
    const response = await withDeadline(ask, { signal: client.signal, ms, describe: told });
    await send(response, stream, client.signal);
  };
}

async function send(response: Response, stream: ResponseStream, left: AbortSignal): Promise<void> {
  const reader = response.body?.getReader();
  const stop = () => void reader?.cancel(left.reason).catch(() => {});
  if (left.aborted) return stop();
  left.addEventListener('abort', stop, { once: true });

  const cookies = response.headers.getSetCookie();
  response.headers.delete('set-cookie');
  const headers = Object.fromEntries(response.headers);
  const out = awslambda.HttpResponseStream.from(stream, { statusCode: response.status, headers, cookies });
  out.write(''); // status and headers leave now, whenever the body comes
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader!.read()) {
      if (left.aborted) return;
      if (!out.write(read.value)) await drained(out, left);
    }
  } catch (error) {
    if (!left.aborted) out.destroy(error as Error); // the client must not take a part for the whole
    return;
  }
  left.removeEventListener('abort', stop);
  if (!left.aborted) out.end();
}

/** Resolves when there is room again, or nobody left to read. */
function drained(stream: ResponseStream, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      left.removeEventListener('abort', done);
      resolve();
    };
    stream.once('drain', done);
    left.addEventListener('abort', done, { once: true });
  });
}
