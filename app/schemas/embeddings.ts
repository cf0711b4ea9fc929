import * as z from 'zod';
import type { EmbeddingRequest as EngineRequest } from '../../engine/engine.ts';
import { TokenIds, toPrompts } from './prompts.ts';

const MAX_INPUTS = 2048; // OpenAI's limit

const Text = z.string().min(1);

/** POST /v1/embeddings. Source: OpenAI OpenAPI 2.3.0, CreateEmbeddingRequest. */
export const EmbeddingRequest = z.strictObject({
  model: z.string().min(1).max(256),
  input: z.union(
    [Text, TokenIds, z.array(Text).min(1).max(MAX_INPUTS), z.array(TokenIds).min(1).max(MAX_INPUTS)],
    {
      error: `must be a text, a list of token ids, or a list of at most ${MAX_INPUTS} of either; none is empty`,
    },
  ),
  encoding_format: z.enum(['float', 'base64']).nullish().describe('base64: of little-endian 32-bit floats.'),
  dimensions: z
    .int()
    .min(1)
    .nullish()
    .describe(
      "The first so many numbers, scaled to length 1 again. At most the model's own; all when absent.",
    ),
  user: z.string().nullish().describe('Changes nothing.'),
});
export type EmbeddingRequest = z.infer<typeof EmbeddingRequest>;

/** Source: OpenAI OpenAPI 2.3.0, CreateEmbeddingResponse. */
export const EmbeddingList = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z
        .union([z.array(z.number()), z.string()])
        .describe(
          "The mean of the last hidden states, after the last norm, of the input's tokens; its length is 1.",
        ),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
});
export type EmbeddingList = z.infer<typeof EmbeddingList>;

/** The request, in the engine's words. */
export function toEngineRequest({ model, input, dimensions }: EmbeddingRequest): EngineRequest {
  return { model, inputs: toPrompts(input), ...(dimensions != null && { dimensions }) };
}
