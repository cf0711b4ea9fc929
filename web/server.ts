import type { ChatBody } from './conversation.ts';
import { BrokenStreamError, RefusedError } from './errors.ts';
import { field, list, number, parseJson, text } from './json.ts';
import { sseData } from './sse.ts';

export type ChatPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'ending'; readonly reason: 'stop' | 'length' }
  | { readonly type: 'usage'; readonly tokens: number };

export interface Model {
  readonly id: string;
  readonly contextLength: number | undefined; // tokens
  readonly licence: string | undefined;
}

export interface Health {
  readonly state: 'loading' | 'ready' | 'failed';
  readonly backend: string | undefined; // 'wasm', 'webgpu', …
  readonly runtime: string | undefined; // 'workerd', 'node', …
}

/**
 * Asks for a chat reply and yields it as it comes. Leaving the loop, or `signal`, ends the request.
 *
 * Throws   RefusedError before the first part · BrokenStreamError after · TypeError when the network fails
 */
export async function* streamChat(body: ChatBody, signal: AbortSignal): AsyncGenerator<ChatPart, void> {
  const response = await fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) throw await refusal(response);
  if (!response.body) throw new BrokenStreamError('the server sent no body');

  let ended = false;
  for await (const data of wholeOrBroken(sseData(response.body))) {
    if (data === '[DONE]') return;
    const chunk = parseJson(data);
    if (field(chunk, 'error'))
      throw new BrokenStreamError(text(chunk, 'error', 'message') ?? 'no reason given');

    const words = text(chunk, 'choices', 0, 'delta', 'content');
    if (words !== undefined) yield { type: 'text', text: words };

    const reason = text(chunk, 'choices', 0, 'finish_reason');
    if (reason !== undefined) {
      ended = true;
      yield { type: 'ending', reason: reason === 'length' ? 'length' : 'stop' };
    }

    const tokens = number(chunk, 'usage', 'completion_tokens');
    if (tokens !== undefined) yield { type: 'usage', tokens };
  }
  if (!ended) throw new BrokenStreamError('the connection closed before the end');
}

/** The network's error in mid-stream is a broken stream: the server was there. */
async function* wholeOrBroken(events: AsyncIterable<string>): AsyncGenerator<string, void> {
  try {
    yield* events;
  } catch (error) {
    throw error instanceof TypeError ? new BrokenStreamError('the connection was lost') : error;
  }
}

/** The models served here, in the server's order. Throws RefusedError, or TypeError when the network fails. */
export async function fetchModels(): Promise<Model[]> {
  const response = await fetch('/v1/models');
  if (!response.ok) throw await refusal(response);
  return list(await response.json(), 'data').flatMap((model) => {
    const id = text(model, 'id');
    if (id === undefined) return [];
    const about = field(model, 'custom_metadata');
    const licence = text(about, 'licence') ?? text(about, 'license');
    return [{ id, contextLength: number(about, 'context_length'), licence }];
  });
}

/** How the server is. A server that answers with an error status is `loading` if it says so, else `failed`. */
export async function fetchHealth(): Promise<Health> {
  const response = await fetch('/v1/health');
  const body = parseJson(await response.text());
  const said = text(body, 'state');
  const state = said === 'loading' || said === 'ready' || said === 'failed' ? said : undefined;
  return {
    state: state ?? (response.ok ? 'ready' : 'failed'),
    backend: text(body, 'backend'),
    runtime: text(body, 'runtime'),
  };
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
