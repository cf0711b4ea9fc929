import * as z from 'zod';
import type { CompletionRequest } from '../../engine/engine.ts';
import { TextLogprobs } from './logprobs.ts';
import { absent } from './neutral.ts';
import { TokenIds, toPrompts } from './prompts.ts';
import { requestFields, streamOptionsNeedStream } from './request-fields.ts';
import { inChoices, MAX_CHOICES, samplingFields, toSampling, toStops } from './sampling.ts';
import { FinishReason, Usage } from './usage.ts';

const DEFAULT_MAX_TOKENS = 16; // OpenAI's, for this route only
const MAX_BEST_OF = 20; // OpenAI's
const MAX_LOGPROBS = 5; // OpenAI's

/** POST /v1/completions. Source: OpenAI OpenAPI 2.3.0, CreateCompletionRequest. */
export const TextRequest = z
  .strictObject({
    ...requestFields,
    prompt: z
      .union(
        [
          z.string(),
          TokenIds,
          z.array(z.string()).min(1).max(MAX_CHOICES),
          z.array(TokenIds).min(1).max(MAX_CHOICES),
          z.null(),
        ],
        { error: `must be a string, a list of token ids, or a list of at most ${MAX_CHOICES} of either` },
      )
      .describe('Null begins a new text, as the empty string does.'),
    max_tokens: z.int().min(0).nullish().describe(`${DEFAULT_MAX_TOKENS} when absent.`),
    ...samplingFields,

    best_of: z
      .int()
      .min(1)
      .max(MAX_BEST_OF)
      .nullish()
      .describe(
        'Completions to make of each prompt; the n whose tokens are likeliest in the mean are given.',
      ),
    echo: z.boolean().nullish(),
    logprobs: z.int().min(0).max(MAX_LOGPROBS).nullish(),
    suffix: absent(),
  })
  .refine(streamOptionsNeedStream, {
    path: ['stream_options'],
    error: 'allowed only when stream is true',
  })
  .refine(({ n, best_of }) => (n ?? 1) <= (best_of ?? n ?? 1), {
    path: ['best_of'],
    error: 'less than n',
  })
  .refine(({ n, best_of, stream }) => !stream || (best_of ?? 1) <= (n ?? 1), {
    path: ['best_of'],
    error: 'the best are known only at the end: best_of above n cannot be streamed',
  })
  .refine(
    (request) =>
      toPrompts(request.prompt ?? '').length * countChoices(request).choicesPerPrompt <= MAX_CHOICES,
    {
      path: ['prompt'],
      error: `with n or best_of these make more than ${MAX_CHOICES} completions`,
    },
  );
export type TextRequest = z.infer<typeof TextRequest>;

const completion = <F extends z.ZodType>(finishReason: F) =>
  z.object({
    id: z.string(),
    created: z.int().describe('Unix seconds.'),
    model: z.string(),
    object: z.literal('text_completion'),
    choices: z.array(
      z.object({
        index: z.int(),
        text: z.string(),
        logprobs: TextLogprobs.nullable(),
        finish_reason: finishReason,
      }),
    ),
  });

/** Source: OpenAI OpenAPI 2.3.0, CreateCompletionResponse. */
export const TextCompletion = completion(FinishReason).extend({ usage: Usage });
export type TextCompletion = z.infer<typeof TextCompletion>;

/** One event of a stream: the reply's shape, with its reason only at the end. */
export const TextChunk = completion(FinishReason.nullable()).extend({ usage: Usage.nullish() });
export type TextChunk = z.infer<typeof TextChunk>;

/** Completions to give for each prompt, and to make. */
export function countChoices(request: {
  n?: number | null | undefined;
  best_of?: number | null | undefined;
}) {
  const n = request.n ?? 1;
  return { n, choicesPerPrompt: request.best_of ?? n };
}

/** The request, in the engine's words: for each prompt, once for each choice. */
export function toCompletionRequests(request: TextRequest): CompletionRequest[] {
  const { n, choicesPerPrompt } = countChoices(request);
  const logprobs = request.logprobs ?? (choicesPerPrompt > n ? 0 : undefined); // what the best are chosen by
  return toPrompts(request.prompt ?? '').flatMap((prompt) => {
    const one: CompletionRequest = {
      model: request.model,
      prompt,
      maxTokens: request.max_tokens ?? DEFAULT_MAX_TOKENS,
      stop: toStops(request.stop),
      sampling: toSampling(request),
      echo: request.echo ?? false,
      ...(logprobs === undefined ? {} : { logprobs }),
    };
    return inChoices(one, choicesPerPrompt);
  });
}
