import * as z from 'zod';
import type { Usage as EngineUsage } from '../../engine/engine.ts';
import type { ResponseUsage } from './responses.ts';

export const Usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({
    cached_tokens: z.int().describe('Prompt tokens that an earlier request had computed.'),
  }),
});
export type Usage = z.infer<typeof Usage>;

export const FinishReason = z.enum(['stop', 'length', 'content_filter']);
export type FinishReason = z.infer<typeof FinishReason>;

/** What a request used in all. Its completions come prompt by prompt, and a prompt counts once. */
export function toUsage(prompts: readonly (readonly EngineUsage[])[]): Usage {
  const firsts = prompts.map(([first]) => first!);
  const promptTokens = firsts.reduce((sum, usage) => sum + usage.promptTokens, 0);
  const completionTokens = prompts.flat().reduce((sum, usage) => sum + usage.completionTokens, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: firsts.reduce((sum, usage) => sum + usage.cachedTokens, 0) },
  };
}

/** The same in the words of /v1/responses. */
export function toResponseUsage({
  promptTokens,
  cachedTokens,
  completionTokens,
}: EngineUsage): ResponseUsage {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: promptTokens + completionTokens,
  };
}
