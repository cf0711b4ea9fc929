import { InvalidRequestError, NotFoundError } from './errors.ts';
import type { Item } from './schemas/items.ts';
import type { Change, Storage } from './storage/storage.ts';

const MAX_LENGTH = 8 << 20; // of the JSON text read for one request: more than any context has room for
const PAGE = 100;

/** Where a conversation's item is kept: an item may be in several. */
export const itemKey = (conversationId: string, itemId: string) =>
  ({ kind: 'item', id: `${conversationId}/${itemId}` }) as const;

/** Puts items at a conversation's end, if it is still there. */
export function addItems(conversationId: string, items: readonly Item[]): Change[] {
  return [
    { type: 'require', kind: 'conversation', id: conversationId },
    ...items.map(
      (item): Change => ({
        type: 'put',
        ...itemKey(conversationId, item.id),
        scope: conversationId,
        value: JSON.stringify(item),
      }),
    ),
  ];
}

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
      if (length > MAX_LENGTH)
        throw new InvalidRequestError(
          'invalid_value',
          'conversation',
          'conversation: more was said than any context holds',
        );
      items.push(JSON.parse(value) as Item);
    }
    if (!page.hasMore) return items;
    after = page.records.at(-1)!.id;
  }
}
