import { call, eventsOf, json } from './api.ts';
import type { ChatBody } from './conversation.ts';
import { BrokenStreamError } from './errors.ts';
import { field, list, number, parseJson, text } from './json.ts';

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
  const response = await call('/v1/chat/completions', json(body, signal));

  let ended = false;
  for await (const data of eventsOf(response)) {
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

/** The models served here, in the server's order. Throws RefusedError, or TypeError when the network fails. */
export async function fetchModels(): Promise<Model[]> {
  const response = await call('/v1/models');
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
