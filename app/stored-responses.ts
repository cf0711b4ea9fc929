import { addItems } from './conversation-items.ts';
import { InvalidRequestError, NotFoundError } from './errors.ts';
import type { Item } from './schemas/items.ts';
import type { ResponseObject } from './schemas/responses.ts';
import type { Change, Storage } from './storage/storage.ts';

/** A response as it is kept: what it was made of, and what it says. */
export interface StoredResponse {
  readonly response: ResponseObject;
  readonly input: readonly Item[];
}

const LIVES_MS = 30 * 24 * 60 * 60 * 1000; // OpenAI's
const MAX_LENGTH = 8 << 20; // of the JSON text read for one request: more than any context has room for

/** What is kept of a response: itself, unless it shall not be, and its items in its conversation. */
export function keepResponse(response: ResponseObject, input: readonly Item[], nowMs: number): Change[] {
  const { id, conversation, store } = response;
  const stored: StoredResponse = { response, input };
  const self: Change[] = store
    ? [{ type: 'put', kind: 'response', id, value: JSON.stringify(stored), expiresAtMs: nowMs + LIVES_MS }]
    : [];
  if (conversation === null) return self;
  return [...self, ...addItems(conversation.id, [...input, ...response.output])];
}

/** Throws NotFoundError. */
export async function findResponse(storage: Storage, id: string, param = 'id'): Promise<StoredResponse> {
  const record = await storage.get({ kind: 'response', id });
  if (record === undefined) throw new NotFoundError('response', id, param);
  return JSON.parse(record.value) as StoredResponse;
}

/**
 * What was said up to a response and in it, the oldest first.
 *
 * Throws   NotFoundError when it, or one that it continues, is not there · InvalidRequestError when it is too long
 */
export async function itemsUpTo(storage: Storage, responseId: string): Promise<Item[]> {
  const turns: (readonly Item[])[] = [];
  let length = 0;
  for (let id: string | null = responseId; id !== null; ) {
    const record = await storage.get({ kind: 'response', id });
    if (record === undefined) throw new NotFoundError('response', id, 'previous_response_id');
    length += record.value.length;
    if (length > MAX_LENGTH)
      throw new InvalidRequestError(
        'invalid_value',
        'previous_response_id',
        'previous_response_id: more was said than any context holds',
      );
    const { response, input } = JSON.parse(record.value) as StoredResponse;
    turns.push(response.output, input);
    id = response.previous_response_id;
  }
  return turns.reverse().flat();
}
