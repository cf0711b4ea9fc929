import { BodyTooLargeError, InvalidRequestError } from '../app/errors.ts';
import type { FunctionUrlEvent } from './runtime.ts';

/** What Lambda takes as an event, envelope and all: a body is always shorter. */
export const MAX_EVENT_BYTES = 6 * 2 ** 20;

/**
 * The request that an event tells of.
 *
 * Throws   BodyTooLargeError · InvalidRequestError
 */
export function eventRequest(event: FunctionUrlEvent, signal: AbortSignal): Request {
  const { rawPath, rawQueryString, cookies, requestContext } = event;
  const { method } = requestContext.http;
  const body = bodyOf(event);

  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  try {
    const headers = new Headers();
    for (const [name, value] of Object.entries(event.headers)) headers.set(name, asBytes(value));
    if (cookies.length > 0) headers.set('cookie', asBytes(cookies.join('; ')));
    headers.delete('transfer-encoding');
    if (body) headers.set('content-length', String(body.byteLength));
    return new Request(`https://${requestContext.domainName}${rawPath}${query}`, {
      method,
      headers,
      signal,
      ...(body && method !== 'GET' && method !== 'HEAD' ? { body } : {}),
    });
  } catch (error) {
    throw new InvalidRequestError('invalid_value', null, `${method} ${rawPath}: ${(error as Error).message}`);
  }
}

function bodyOf({ body, isBase64Encoded }: FunctionUrlEvent): Uint8Array<ArrayBuffer> | undefined {
  if (!body) return undefined;
  if (Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8') > MAX_EVENT_BYTES)
    throw new BodyTooLargeError(MAX_EVENT_BYTES);
  return new Uint8Array(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

/** An event has read a header's bytes as UTF-8; `Headers` wants a character for each, as Node's server gives them. */
const asBytes = (value: string): string => Buffer.from(value).toString('latin1');
