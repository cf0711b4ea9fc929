import * as z from 'zod';
import type { CompletionRequest } from '../../engine/engine.ts';
import { ChatLogprobs } from './logprobs.ts';
import { checkMessages, Message, ToolCall, toPromptMessages } from './messages.ts';
import { absent, emptyList, oneOf, only } from './neutral.ts';
import { requestFields, streamOptionsNeedStream } from './request-fields.ts';
import { ResponseFormat, toFormat } from './response-format.ts';
import { inChoices, samplingFields, toSampling, toStops } from './sampling.ts';
import { ChatTool, checkTools, MAX_TOOLS, ToolChoice, toEngineTools } from './tools.ts';
import { Usage } from './usage.ts';

const MAX_MESSAGES = 2048; // OpenAI's limit
const MAX_TOP_LOGPROBS = 20; // OpenAI's limit

/** POST /v1/chat/completions. Source: OpenAI OpenAPI 2.3.0, CreateChatCompletionRequest. */
export const ChatRequest = z
  .strictObject({
    ...requestFields,
    messages: z.array(Message).min(1).max(MAX_MESSAGES),
    max_completion_tokens: z.int().min(1).nullish(),
    max_tokens: z.int().min(1).nullish().describe('The older name of max_completion_tokens.'),
    ...samplingFields,

    tools: z.array(ChatTool).max(MAX_TOOLS).nullish(),
    tool_choice: ToolChoice.nullish(),
    parallel_tool_calls: z.boolean().nullish().describe('Says nothing without tools.'),
    functions: emptyList('not supported: functions have become tools').nullish(),
    function_call: oneOf(['none', 'auto']).nullish(),
    response_format: ResponseFormat.nullish(),
    modalities: z.array(only('text')).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(MAX_TOP_LOGPROBS).nullish(),
    reasoning_effort: only('none').nullish(),
    verbosity: only('medium').nullish(),
    audio: absent(),
    prediction: absent(),
    web_search_options: absent(),
    moderation: absent(),
  })
  .refine(streamOptionsNeedStream, {
    path: ['stream_options'],
    error: 'allowed only when stream is true',
  })
  .refine(({ logprobs, top_logprobs }) => !top_logprobs || logprobs === true, {
    path: ['top_logprobs'],
    error: 'allowed only when logprobs is true',
  })
  .refine(({ max_tokens: a, max_completion_tokens: b }) => a == null || b == null || a === b, {
    path: ['max_tokens'],
    error: 'differs from max_completion_tokens; set one of them',
  })
  .superRefine((request, context) => {
    checkMessages(request.messages, context);
    checkTools(request, context);
  });
export type ChatRequest = z.infer<typeof ChatRequest>;

const FinishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter']);

const head = { id: z.string(), created: z.int().describe('Unix seconds.'), model: z.string() };

/** Source: OpenAI OpenAPI 2.3.0, CreateChatCompletionResponse. */
export const ChatCompletion = z.object({
  ...head,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string().nullable().describe('Null when there are only calls.'),
        refusal: z.null(),
        tool_calls: z.array(ToolCall).min(1).optional(),
      }),
      logprobs: ChatLogprobs.nullable(),
      finish_reason: FinishReason,
    }),
  ),
  usage: Usage,
});
export type ChatCompletion = z.infer<typeof ChatCompletion>;

/** The first of a call has all but its arguments, which are empty; the others have more of them. */
const ToolCallDelta = z.object({
  index: z.int(),
  id: z.string().optional(),
  type: z.literal('function').optional(),
  function: z.object({ name: z.string().optional(), arguments: z.string() }),
});

/** One event of a stream. Source: OpenAI OpenAPI 2.3.0, CreateChatCompletionStreamResponse. */
export const ChatChunk = z.object({
  ...head,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.object({
      index: z.int(),
      delta: z.object({
        role: z.literal('assistant').optional(),
        content: z.string().optional(),
        tool_calls: z.array(ToolCallDelta).optional(),
      }),
      logprobs: ChatLogprobs.nullable(),
      finish_reason: FinishReason.nullable(),
    }),
  ),
  usage: Usage.nullish(),
});
export type ChatChunk = z.infer<typeof ChatChunk>;

/** The request, in the engine's words: once for each choice. */
export function toCompletionRequests(request: ChatRequest): CompletionRequest[] {
  const one: CompletionRequest = {
    model: request.model,
    prompt: { type: 'chat', messages: toPromptMessages(request.messages) },
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    stop: toStops(request.stop),
    format: toFormat(request.response_format),
    sampling: toSampling(request),
    ...toEngineTools(request),
    ...(request.logprobs && { logprobs: request.top_logprobs ?? 0 }),
  };
  return inChoices(one, request.n ?? 1);
}
