import * as z from 'zod';
import { InputItem } from './items.ts';
import { metadata } from './metadata.ts';

const MAX_ITEMS = 20; // OpenAI's limit, at once

/** POST /v1/conversations. Source: OpenAI OpenAPI 2.3.0, CreateConversationBody. */
export const ConversationRequest = z.strictObject({
  metadata: metadata.nullish(),
  items: z.array(InputItem).max(MAX_ITEMS).nullish(),
});

/** POST /v1/conversations/{id}. Source: OpenAI OpenAPI 2.3.0, UpdateConversationBody. */
export const ConversationUpdate = z.strictObject({ metadata: metadata.nullable() });

/** Source: OpenAI OpenAPI 2.3.0, ConversationResource. */
export const Conversation = z.object({
  id: z.string(),
  object: z.literal('conversation'),
  created_at: z.int().describe('Unix seconds.'),
  metadata,
});
export type Conversation = z.infer<typeof Conversation>;

export const ConversationDeleted = z.object({
  id: z.string(),
  object: z.literal('conversation.deleted'),
  deleted: z.literal(true),
});
export type ConversationDeleted = z.infer<typeof ConversationDeleted>;

/** POST /v1/conversations/{id}/items. */
export const ItemsRequest = z.strictObject({ items: z.array(InputItem).min(1).max(MAX_ITEMS) });
