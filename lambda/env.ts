import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { judgeHasGuard, judgeNeedsGuard, safetyFields } from '../app/safety-settings.ts';

const integer = (least: number, most: number, fallback: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback);

const MOST_THREADS = 64;

/** The environment of the Node server. */
export const Env = z
  .object({
    HOST: z.string().default('127.0.0.1'), // there are no keys yet: only this machine may ask
    PORT: integer(0, 65_535, 8788),
    CRIA_HOME: z.string().optional(),
    XDG_CACHE_HOME: z.string().optional(),
    CRIA_STORAGE: integer(1, 2 ** 30, 1024), // MiB
    CRIA_STORAGE_FILE: z.string().min(1).optional(), // storage.sqlite in CRIA_HOME when absent
    CRIA_MODEL: z.string().default('smollm2-135m-instruct-q4_1'),
    CRIA_CONTEXT: integer(16, 131_072, 8192),
    CRIA_RUNNING: integer(1, 64, 8),
    CRIA_WAITING: integer(0, 4096, 64),
    CRIA_THREADS: integer(1, MOST_THREADS, Math.min(availableParallelism(), MOST_THREADS)),
    CRIA_KV: z.enum(['f16', 'q8']).default('f16'),
    CRIA_PREFIX_CACHE: integer(0, 65_536, 256), // MiB
    CRIA_SPECULATE: z.enum(['on', 'off']).default('on'),
    ...safetyFields,
  })
  .refine(judgeHasGuard, judgeNeedsGuard);

export type Env = z.infer<typeof Env>;
