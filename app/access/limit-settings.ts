/** What an operator may set of limits, at every door alike. docs/access.md explains each. */
import type * as z from 'zod';
import { integer } from '../settings.ts';
import type { Limits } from './access-key.ts';

export const limitFields = {
  /** Of each key that has none of its own, and of each address where there are no keys; 0: none. */
  CRIA_LIMIT_REQUESTS: integer(0, 1e9, 0), // a minute
  CRIA_LIMIT_TOKENS: integer(0, 1e9, 0), // a minute
  CRIA_LIMIT_CONCURRENCY: integer(0, 10_000, 0),
  /** Proxies before the server that say in X-Forwarded-For who asked them. */
  CRIA_PROXIES: integer(0, 8, 0),
};

type LimitSettings = z.infer<z.ZodObject<typeof limitFields>>;

export const toLimits = (env: LimitSettings): Limits => ({
  ...(env.CRIA_LIMIT_REQUESTS > 0 && { requestsPerMinute: env.CRIA_LIMIT_REQUESTS }),
  ...(env.CRIA_LIMIT_TOKENS > 0 && { tokensPerMinute: env.CRIA_LIMIT_TOKENS }),
  ...(env.CRIA_LIMIT_CONCURRENCY > 0 && { concurrency: env.CRIA_LIMIT_CONCURRENCY }),
});
