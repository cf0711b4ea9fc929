import * as z from 'zod';
import { oneOf, only } from './neutral.ts';

/** Fields both completion routes share, but for sampling. Those after `stream_options` change nothing here. */
export const requestFields = {
  model: z.string().min(1).max(256),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({
      include_usage: z.boolean().nullish(),
      include_obfuscation: only(false).nullish(),
    })
    .nullish(),

  user: z.string().nullish(),
  safety_identifier: z.string().max(64).nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.enum(['in_memory', '24h']).nullish(),
  service_tier: oneOf(['auto', 'default']).nullish(),
  store: only(false).nullish(),
};

/** `stream_options` says something only about a stream. */
export const streamOptionsNeedStream = (request: {
  stream?: boolean | null | undefined;
  stream_options?: object | null | undefined;
}): boolean => request.stream === true || request.stream_options == null;
