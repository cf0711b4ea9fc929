import type { R2Bucket } from '@cloudflare/workers-types';
import * as z from 'zod';

const integer = (least: number, most: number, fallback: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback);

/** What wrangler.toml may set. Source: its [vars] and bindings, where each is explained. */
export const Env = z.object({
  WEIGHTS: z.custom<R2Bucket>(
    (value) => typeof value === 'object' && value !== null,
    'the R2 binding WEIGHTS is missing',
  ),
  CRIA_MODEL: z.string().default('smollm2-135m-instruct-q4_1'),
  CRIA_CONTEXT: integer(16, 131_072, 8192),
  CRIA_RUNNING: integer(1, 64, 8),
  CRIA_WAITING: integer(0, 4096, 64),
  CRIA_KV: z.enum(['f16', 'q8']).default('f16'),
  CRIA_PREFIX_CACHE: integer(0, 65_536, 256), // MiB
  CRIA_SPECULATE: z.enum(['on', 'off']).default('on'),
});

export type Env = z.infer<typeof Env>;
