import { InvalidRequestError, NotFoundError } from './errors.ts';
import type { Item } from './schemas/items.ts';
import type { ResponseObject } from './schemas/responses.ts';
import type { Storage } from './storage/storage.ts';

/** A response as it is kept: what it was made of, and what it says. */
export interface StoredResponse {
  readonly response: ResponseObject;
  readonly input: readonly Item[];
}

const MAX_LENGTH = 8 << 20; // of the JSON text read for one request: more than any context has room for
const PAGE = 100;

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
    if (length > MAX_LENGTH) throw tooLong('previous_response_id');
    const { response, input } = JSON.parse(record.value) as StoredResponse;
    turns.push(response.output, input);
    id = response.previous_response_id;
  }
  return turns.reverse().flat();
}

/** Where a conversation's item is kept: an item may be in several. */
export const itemKey = (conversationId: string, itemId: string) =>
  ({ kind: 'item', id: `${conversationId}/${itemId}` }) as const;

/**
 * What was said in a conversation, the oldest first.
 *
 * Throws   NotFoundError · InvalidRequestError when it is too long
 */
export async function itemsOf(storage: Storage, conversationId: string): Promise<Item[]> {
  if ((await storage.get({ kind: 'conversation', id: conversationId })) === undefined)
    throw new NotFoundError('conversation', conversationId, 'conversation');

  const items: Item[] = [];
  let length = 0;
  for (let after: string | undefined; ; ) {
    const page = await storage.list('item', { scope: conversationId, after, limit: PAGE, order: 'asc' });
    if (page === undefined) return itemsOf(storage, conversationId); // the last one seen was deleted meanwhile
    for (const { value } of page.records) {
      length += value.length;
      if (length > MAX_LENGTH) throw tooLong('conversation');
      items.push(JSON.parse(value) as Item);
    }
    if (!page.hasMore) return items;
    after = page.records.at(-1)!.id;
  }
}

function tooLong(param: string): InvalidRequestError {
  return new InvalidRequestError('invalid_value', param, `${param}: more was said than any context holds`);
}
