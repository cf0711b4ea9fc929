import * as z from 'zod';

/** All that the gateway reads of a request. The first of the last three that is there keeps a user with one version. */
export const Asked = z.looseObject({
  model: z.string().min(1),
  prompt_cache_key: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  user: z.string().nullish(),
  stream: z.unknown().optional(),
});

export type Asked = z.infer<typeof Asked>;
