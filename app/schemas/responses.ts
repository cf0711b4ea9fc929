import * as z from 'zod';
import { InputItem, Item, OutputItem } from './items.ts';
import { listOf, order, pageFields } from './lists.ts';
import { metadata } from './metadata.ts';
import { absent, oneOf, only } from './neutral.ts';
import { TextFormat } from './response-format.ts';
import { checkResponseTools, ResponseTool, ResponseToolChoice } from './response-tools.ts';
import { MAX_TOOLS } from './tools.ts';

const LOGPROBS = 'message.output_text.logprobs';
const MAX_ITEMS = 2048; // as many as a chat has messages

export const ConversationParam = z.union([z.string().min(1), z.strictObject({ id: z.string().min(1) })]);

/** POST /v1/responses. Source: OpenAI OpenAPI 2.3.0, CreateResponse. */
export const ResponseRequest = z
  .strictObject({
    model: z.string().min(1).max(256),
    input: z.union([z.string(), z.array(InputItem).min(1).max(MAX_ITEMS)]),
    instructions: z.string().nullish().describe('For this response alone, not for those that continue it.'),
    previous_response_id: z.string().min(1).nullish(),
    conversation: ConversationParam.nullish(),
    store: z.boolean().nullish().describe('true when absent.'),
    stream: z.boolean().nullish(),
    stream_options: z.strictObject({ include_obfuscation: only(false).nullish() }).nullish(),

    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    max_output_tokens: z.int().min(1).nullish(),
    truncation: z
      .enum(['auto', 'disabled'])
      .nullish()
      .describe('auto: the oldest items are left out when all do not fit the context.'),
    text: z
      .strictObject({
        format: TextFormat.nullish(),
        verbosity: only('medium').nullish(),
      })
      .nullish(),
    tools: z.array(ResponseTool).max(MAX_TOOLS).nullish(),
    tool_choice: ResponseToolChoice.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    max_tool_calls: z.int().min(1).nullish().describe('Of built-in tools, of which there are none.'),
    include: z.array(only(LOGPROBS)).nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),

    metadata: metadata.nullish(),
    user: z.string().nullish(),
    safety_identifier: z.string().max(64).nullish(),
    prompt_cache_key: z.string().nullish(),
    prompt_cache_retention: z.enum(['in_memory', '24h']).nullish(),
    service_tier: oneOf(['auto', 'default']).nullish(),

    background: only(false).nullish(),
    reasoning: absent(),
    prompt: absent(),
    prompt_cache_options: absent(),
    context_management: absent(),
    moderation: absent(),
  })
  .refine(({ stream, stream_options: options }) => stream === true || options == null, {
    path: ['stream_options'],
    error: 'allowed only when stream is true',
  })
  .refine(({ top_logprobs, include }) => !top_logprobs || include?.includes(LOGPROBS) === true, {
    path: ['top_logprobs'],
    error: `allowed only when include has ${LOGPROBS}`,
  })
  .refine(({ conversation, previous_response_id: previous }) => conversation == null || previous == null, {
    path: ['previous_response_id'],
    error: 'cannot be used beside conversation',
  })
  .superRefine(checkResponseTools);
export type ResponseRequest = z.infer<typeof ResponseRequest>;

/** How many of the likeliest tokens to give beside each; undefined when no logprobs are asked for. */
export function toLogprobs({ include, top_logprobs: top }: ResponseRequest): number | undefined {
  return include?.includes(LOGPROBS) ? (top ?? 0) : undefined;
}

/** Source: OpenAI OpenAPI 2.3.0, ResponseUsage. */
export const ResponseUsage = z.object({
  input_tokens: z.int(),
  input_tokens_details: z.object({
    cached_tokens: z.int().describe('Input tokens that an earlier request had computed.'),
    cache_write_tokens: z.literal(0).describe('Writing costs nothing here, and is not counted.'),
  }),
  output_tokens: z.int(),
  output_tokens_details: z.object({ reasoning_tokens: z.literal(0) }),
  total_tokens: z.int(),
});
export type ResponseUsage = z.infer<typeof ResponseUsage>;

/** Source: OpenAI OpenAPI 2.3.0, Response. */
export const ResponseObject = z.object({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int().describe('Unix seconds.'),
  completed_at: z.int().nullable(),
  status: z.enum(['in_progress', 'completed', 'incomplete', 'failed']),
  error: z.object({ code: z.literal('server_error'), message: z.string() }).nullable(),
  incomplete_details: z.object({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
  model: z.string(),
  output: z.array(OutputItem),
  usage: ResponseUsage.optional(),

  instructions: z.string().nullable(),
  previous_response_id: z.string().nullable(),
  conversation: z.object({ id: z.string() }).nullable(),
  store: z.boolean(),
  background: z.literal(false),
  temperature: z.number(),
  top_p: z.number(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  truncation: z.enum(['auto', 'disabled']),
  text: z.object({ format: TextFormat }),
  tools: z.array(
    z.object({
      type: z.literal('function'),
      name: z.string(),
      description: z.string().optional(),
      parameters: z.record(z.string(), z.unknown()).nullable(),
      strict: z.boolean().nullable(),
    }),
  ),
  tool_choice: ResponseToolChoice,
  parallel_tool_calls: z.boolean(),
  top_logprobs: z.int(),
  metadata,
  safety_identifier: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
  service_tier: z.literal('default'),
});
export type ResponseObject = z.infer<typeof ResponseObject>;

export const ResponseDeleted = z.object({
  id: z.string(),
  object: z.literal('response'),
  deleted: z.literal(true),
});
export type ResponseDeleted = z.infer<typeof ResponseDeleted>;

/** GET /v1/responses/{id}/input_items. */
export const ItemListQuery = z.strictObject({ ...pageFields(20, 100), order });
export const ItemList = listOf(Item);
export type ItemList = z.infer<typeof ItemList>;
