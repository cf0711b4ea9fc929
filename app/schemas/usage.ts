import * as z from 'zod';
import type { Usage as EngineUsage } from '../../engine/engine.ts';

export const Usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  prompt_tokens_details: z.object({
    cached_tokens: z.int().describe('Prompt tokens that an earlier request had computed.'),
  }),
});
export type Usage = z.infer<typeof Usage>;

export const FinishReason = z.enum(['stop', 'length']);
export type FinishReason = z.infer<typeof FinishReason>;

export function toUsage({ promptTokens, cachedTokens, completionTokens }: EngineUsage): Usage {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}
