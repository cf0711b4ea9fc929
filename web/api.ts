// Every request the page makes: the key goes along, and what the server refuses becomes an error.
import { BrokenStreamError, RefusedError } from './errors.ts';
import { parseJson, text } from './json.ts';
import { askForKey, key } from './key.ts';
import { sseData } from './sse.ts';

/**
 * Asks the server. Where it wants a key, the person is asked for one, and then the server again.
 *
 * Throws   RefusedError for any status but success · TypeError when the network fails
 */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const sent = key();
    const response = await fetch(path, { ...init, headers: headers(init, sent) });
    if (response.ok) return response;
    if (response.status !== 401 || !(await askForKey(sent))) throw await refusal(response);
  }
}

/** The body that POSTs `value`. */
export function json(value: unknown, signal?: AbortSignal): RequestInit {
  const body = JSON.stringify(value);
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  return signal ? { ...init, signal } : init;
}

/**
 * The data of a streamed reply's events.
 *
 * Throws   BrokenStreamError when the network fails in mid-stream: the server was there
 */
export async function* eventsOf(response: Response): AsyncGenerator<string, void> {
  if (!response.body) throw new BrokenStreamError('the server sent no body');
  try {
    yield* sseData(response.body);
  } catch (error) {
    throw error instanceof TypeError ? new BrokenStreamError('the connection was lost') : error;
  }
}

function headers({ headers }: RequestInit, sent: string): Headers {
  const all = new Headers(headers);
  if (sent !== '') all.set('authorization', `Bearer ${sent}`);
  return all;
}

async function refusal(response: Response): Promise<RefusedError> {
  const body = parseJson(await response.text());
  const message = text(body, 'error', 'message') ?? text(body, 'detail') ?? `HTTP status ${response.status}`;
  const code = text(body, 'error', 'code') ?? '';
  return new RefusedError(response.status, code, message, retryAfter(response.headers.get('retry-after')));
}

/** Seconds, from either form of the header. Source: RFC 9110, 10.2.3. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds));
}
