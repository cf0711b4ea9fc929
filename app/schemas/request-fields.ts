import * as z from 'zod';
import { metadata } from './metadata.ts';
import { absent, oneOf, only } from './neutral.ts';

const NOTHING = 'Changes nothing.';

/** Fields both completion routes share, but for sampling. */
export const requestFields = {
  model: z.string().min(1).max(256),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().nullish(),
      include_obfuscation: only(false).nullish(),
    })
    .nullish(),

  user: z.string().nullish().describe(NOTHING),
  safety_identifier: z.string().max(64).nullish().describe(NOTHING),
  metadata: metadata
    .nullish()
    .describe(`${NOTHING} It is kept with what is stored, and completions are not.`),
  prompt_cache_key: z
    .string()
    .nullish()
    .describe(`${NOTHING} A prompt begins from any earlier one that begins alike, whatever its key.`),
  prompt_cache_retention: z
    .enum(['in_memory', '24h'])
    .nullish()
    .describe(`${NOTHING} What was computed is kept for as long as there is memory for it.`),
  prompt_cache_options: absent(),
  service_tier: oneOf(['auto', 'default']).nullish().describe(`${NOTHING} There is one tier.`),
  store: only(false).nullish(),
};

/** `stream_options` says something only about a stream. */
export const streamOptionsNeedStream = (request: {
  stream?: boolean | null | undefined;
  stream_options?: object | null | undefined;
}): boolean => request.stream === true || request.stream_options == null;
