import * as z from 'zod';
import type { CompletionRequest, Prompt } from '../../engine/engine.ts';
import { absent, emptyMap, only } from './neutral.ts';
import { requestFields, streamOptionsNeedStream } from './request-fields.ts';
import { samplingFields, toSampling, toStops } from './sampling.ts';
import { FinishReason, Usage } from './usage.ts';

const DEFAULT_MAX_TOKENS = 16; // OpenAI's, for this route only

const TokenIds = z.array(z.int().min(0)).min(1);

/** POST /v1/completions. Source: OpenAI OpenAPI 2.3.0, CreateCompletionRequest. */
export const TextRequest = z
  .strictObject({
    ...requestFields,
    prompt: z.union([z.string(), TokenIds, z.tuple([z.string()]), z.tuple([TokenIds])], {
      error:
        'must be a string or a list of token ids, or a list of one of these; several prompts are not supported',
    }),
    max_tokens: z.int().min(1).nullish().describe(`${DEFAULT_MAX_TOKENS} when absent.`),
    ...samplingFields,

    n: only(1).nullish(),
    best_of: only(1).nullish(),
    echo: only(false).nullish(),
    logprobs: absent(),
    logit_bias: emptyMap().nullish(),
    suffix: absent(),
  })
  .refine(streamOptionsNeedStream, {
    path: ['stream_options'],
    error: 'allowed only when stream is true',
  });
export type TextRequest = z.infer<typeof TextRequest>;

const completion = <F extends z.ZodType>(finishReason: F) =>
  z.object({
    id: z.string(),
    created: z.int().describe('Unix seconds.'),
    model: z.string(),
    object: z.literal('text_completion'),
    choices: z.array(
      z.object({ index: z.int(), text: z.string(), logprobs: z.null(), finish_reason: finishReason }),
    ),
  });

/** Source: OpenAI OpenAPI 2.3.0, CreateCompletionResponse. */
export const TextCompletion = completion(FinishReason).extend({ usage: Usage });
export type TextCompletion = z.infer<typeof TextCompletion>;

/** One event of a stream: the reply's shape, with its reason only at the end. */
export const TextChunk = completion(FinishReason.nullable()).extend({ usage: Usage.nullish() });
export type TextChunk = z.infer<typeof TextChunk>;

/** The request, in the engine's words. */
export function toCompletionRequest(request: TextRequest): CompletionRequest {
  return {
    model: request.model,
    prompt: toPrompt(request.prompt),
    maxTokens: request.max_tokens ?? DEFAULT_MAX_TOKENS,
    stop: toStops(request.stop),
    sampling: toSampling(request),
  };
}

function toPrompt(prompt: TextRequest['prompt']): Prompt {
  if (typeof prompt === 'string') return { type: 'text', text: prompt };

  const [first] = prompt;
  if (typeof first === 'string') return { type: 'text', text: first };
  return { type: 'tokens', ids: Array.isArray(first) ? first : (prompt as number[]) };
}
