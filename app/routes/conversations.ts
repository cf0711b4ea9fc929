import type { Context } from 'hono';
import { addItems, itemKey } from '../conversation-items.ts';
import { NotFoundError } from '../errors.ts';
import { toItem } from '../items.ts';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import type { AppEnv, RunDeps } from '../run.ts';
import {
  type Conversation,
  type ConversationDeleted,
  ConversationRequest,
  ConversationUpdate,
  ItemsRequest,
} from '../schemas/conversations.ts';
import type { Item } from '../schemas/items.ts';
import { toList } from '../schemas/lists.ts';
import { NoQuery } from '../schemas/queries.ts';
import { type ItemList, ItemListQuery } from '../schemas/responses.ts';
import { write } from '../storage/write.ts';

type ConversationContext = Context<AppEnv, '/:id'>;
type ItemContext = Context<AppEnv, '/:id/items/:item'>;

export const createConversation = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const { storage, now, newId, maxBodyBytes } = deps;
  const { items, metadata } = parse(ConversationRequest, await readJson(c.req.raw, maxBodyBytes, '{}'));
  const conversation: Conversation = {
    id: `conv_${newId()}`,
    object: 'conversation',
    created_at: Math.floor(now() / 1000),
    metadata: metadata ?? {},
  };
  const { id } = conversation;
  await write(storage, [
    { type: 'put', kind: 'conversation', id, value: JSON.stringify(conversation) },
    ...addItems(
      id,
      (items ?? []).map((item) => toItem(item, newId)),
    ),
  ]);
  return c.json(conversation);
};

export const retrieveConversation = (deps: RunDeps) => async (c: ConversationContext) =>
  c.json((await findConversation(deps, c.req.param('id'))).conversation);

export const updateConversation = (deps: RunDeps) => async (c: ConversationContext) => {
  const { metadata } = parse(ConversationUpdate, await readJson(c.req.raw, deps.maxBodyBytes));
  const { conversation, version } = await findConversation(deps, c.req.param('id'));
  const updated: Conversation = { ...conversation, metadata: metadata ?? {} };
  const key = { kind: 'conversation', id: updated.id } as const;
  await write(deps.storage, [{ type: 'replace', ...key, version, value: JSON.stringify(updated) }]);
  return c.json(updated);
};

/** Its items go with it: there is no other way to them. */
export const deleteConversation = (deps: RunDeps) => async (c: ConversationContext) => {
  const { id } = (await findConversation(deps, c.req.param('id'))).conversation;
  await write(deps.storage, [
    { type: 'delete', kind: 'conversation', id },
    { type: 'delete-scope', kind: 'item', scope: id },
  ]);
  return c.json({ id, object: 'conversation.deleted', deleted: true } satisfies ConversationDeleted);
};

export const createItems = (deps: RunDeps) => async (c: ConversationContext) => {
  parse(NoQuery, c.req.query());
  const request = parse(ItemsRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const { id } = (await findConversation(deps, c.req.param('id'))).conversation;
  const items = request.items.map((item) => toItem(item, deps.newId));
  await write(deps.storage, addItems(id, items));
  return c.json(toList(items, false) satisfies ItemList);
};

export const listItems = (deps: RunDeps) => async (c: ConversationContext) => {
  const { after, limit, order } = parse(ItemListQuery, c.req.query());
  const { id } = (await findConversation(deps, c.req.param('id'))).conversation;
  const page = await deps.storage.list('item', {
    scope: id,
    after: after === undefined ? undefined : itemKey(id, after).id,
    limit,
    order,
  });
  if (page === undefined) throw new NotFoundError('item', after!, 'after');
  const items = page.records.map(({ value }) => JSON.parse(value) as Item);
  return c.json(toList(items, page.hasMore) satisfies ItemList);
};

export const retrieveItem =
  ({ storage }: RunDeps) =>
  async (c: ItemContext) => {
    parse(NoQuery, c.req.query());
    const { id, item } = c.req.param();
    const record = await storage.get(itemKey(id, item));
    if (record === undefined) throw new NotFoundError('item', item, 'item_id');
    return c.json(JSON.parse(record.value) as Item);
  };

/** Answers with the conversation, as OpenAI does. */
export const deleteItem = (deps: RunDeps) => async (c: ItemContext) => {
  const { id, item } = c.req.param();
  const { conversation } = await findConversation(deps, id);
  const key = itemKey(id, item);
  if ((await deps.storage.get(key)) === undefined) throw new NotFoundError('item', item, 'item_id');
  await write(deps.storage, [{ type: 'delete', ...key }]);
  return c.json(conversation);
};

async function findConversation(
  { storage }: RunDeps,
  id: string,
): Promise<{ conversation: Conversation; version: number }> {
  const record = await storage.get({ kind: 'conversation', id });
  if (record === undefined) throw new NotFoundError('conversation', id);
  return { conversation: JSON.parse(record.value) as Conversation, version: record.version };
}
