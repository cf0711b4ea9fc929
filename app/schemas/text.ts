import * as z from 'zod';
import type { CompletionRequest, Prompt } from '../../engine/engine.ts';
import { absent, emptyMap, only } from './neutral.ts';
import { requestFields, streamOptionsNeedStream } from './request-fields.ts';
import { inChoices, MAX_CHOICES, samplingFields, toSampling, toStops } from './sampling.ts';
import { FinishReason, Usage } from './usage.ts';

const DEFAULT_MAX_TOKENS = 16; // OpenAI's, for this route only

const TokenIds = z.array(z.int().min(0)).min(1);

/** POST /v1/completions. Source: OpenAI OpenAPI 2.3.0, CreateCompletionRequest. */
export const TextRequest = z
  .strictObject({
    ...requestFields,
    prompt: z.union(
      [
        z.string(),
        TokenIds,
        z.array(z.string()).min(1).max(MAX_CHOICES),
        z.array(TokenIds).min(1).max(MAX_CHOICES),
      ],
      { error: `must be a string, a list of token ids, or a list of at most ${MAX_CHOICES} of either` },
    ),
    max_tokens: z.int().min(1).nullish().describe(`${DEFAULT_MAX_TOKENS} when absent.`),
    ...samplingFields,

    best_of: only(1).nullish(),
    echo: only(false).nullish(),
    logprobs: absent(),
    logit_bias: emptyMap().nullish(),
    suffix: absent(),
  })
  .refine(streamOptionsNeedStream, {
    path: ['stream_options'],
    error: 'allowed only when stream is true',
  })
  .refine((request) => toPrompts(request.prompt).length * (request.n ?? 1) <= MAX_CHOICES, {
    path: ['n'],
    error: `the prompts and n make more than ${MAX_CHOICES} completions`,
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

/** The request, in the engine's words: for each prompt, once for each choice. */
export function toCompletionRequests(request: TextRequest): CompletionRequest[] {
  return toPrompts(request.prompt).flatMap((prompt) => {
    const one: CompletionRequest = {
      model: request.model,
      prompt,
      maxTokens: request.max_tokens ?? DEFAULT_MAX_TOKENS,
      stop: toStops(request.stop),
      sampling: toSampling(request),
    };
    return inChoices(one, request.n ?? 1);
  });
}

/** The four ways to write prompts, as a list of them. */
export function toPrompts(prompt: TextPrompt): Prompt[] {
  if (typeof prompt === 'string') return [{ type: 'text', text: prompt }];
  if (isIds(prompt)) return [{ type: 'tokens', ids: prompt }];
  return prompt.map((one) =>
    typeof one === 'string' ? { type: 'text', text: one } : { type: 'tokens', ids: one },
  );
}

type TextPrompt = string | number[] | string[] | number[][];

const isIds = (prompt: number[] | string[] | number[][]): prompt is number[] => typeof prompt[0] === 'number';
