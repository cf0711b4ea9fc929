import * as z from 'zod';
import type { Verdict } from '../../engine/guard/guard.ts';
import { PROVIDER_ID } from '../provider.ts';
import type { Safety } from '../safety.ts';
import { Message } from './messages.ts';
import { toFacts, VerdictFacts } from './moderations.ts';

const MAX_MESSAGES = 2048; // as of /v1/chat/completions

/** POST /v1/safety/run-shield. Source: Llama Stack 0.7.1, RunShieldRequest. */
export const ShieldRequest = z.strictObject({
  shield_id: z.string().min(1).max(256),
  messages: z.array(Message).min(1).max(MAX_MESSAGES),
  params: z
    .record(z.string(), z.unknown())
    .nullish()
    .describe('Older clients send them; they say nothing here.'),
});

/** Source: Llama Stack 0.7.1, RunShieldResponse. */
export const ShieldReply = z.object({
  violation: z
    .object({
      violation_level: z.literal('error'),
      user_message: z.string(),
      metadata: VerdictFacts.extend({
        violation_type: z.string().describe('The codes, with commas between.'),
      }),
    })
    .nullable(),
});
export type ShieldReply = z.infer<typeof ShieldReply>;

/** Source: Llama Stack 0.7.1, Shield. */
export const Shield = z.object({
  identifier: z.string(),
  provider_resource_id: z.string(),
  provider_id: z.literal(PROVIDER_ID),
  type: z.literal('shield'),
  params: z.object({ threshold: z.number(), excluded_categories: z.array(z.string()) }),
});
export type Shield = z.infer<typeof Shield>;

export const ShieldList = z.object({ data: z.array(Shield) });
export type ShieldList = z.infer<typeof ShieldList>;

export function toShield({ guard, policy }: Safety): Shield {
  const { id } = guard.info;
  return {
    identifier: id,
    provider_resource_id: id,
    provider_id: PROVIDER_ID,
    type: 'shield',
    params: { threshold: policy.threshold, excluded_categories: [...policy.excluded] },
  };
}

export function toShieldReply(verdict: Verdict, { refusal }: Safety): ShieldReply {
  if (!verdict.flagged) return { violation: null };
  const metadata = { violation_type: verdict.categories.join(','), ...toFacts(verdict) };
  return { violation: { violation_level: 'error', user_message: refusal, metadata } };
}
