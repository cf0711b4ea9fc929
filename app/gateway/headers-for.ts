import type { Context } from 'hono';
import type { AppEnv } from '../run.ts';
import { traceparentOf } from '../tracing.ts';

/** What a backend needs of the client's headers, and the name of the request in both logs. */
export function headersFor(c: Context<AppEnv>): Headers {
  const headers = new Headers({ 'x-request-id': c.var.requestId });
  for (const name of ['content-type', 'accept', 'traceparent']) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  const traceparent = traceparentOf(c.var.trace);
  if (traceparent !== undefined) headers.set('traceparent', traceparent);
  return headers;
}
