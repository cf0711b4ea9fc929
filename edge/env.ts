import type { R2Bucket } from '@cloudflare/workers-types';
import * as z from 'zod';
import { judgeHasGuard, judgeNeedsGuard, safetyFields } from '../app/safety-settings.ts';
import type { Storage } from '../app/storage/storage.ts';

/** The binding of StorageObject, as far as we use it. */
export interface StorageBinding {
  idFromName(name: string): unknown;
  get(id: unknown): Storage & { wakeBatches(): Promise<void> };
}

const integer = (least: number, most: number, fallback: number) =>
  z.coerce.number().int().min(least).max(most).default(fallback);

const binding = <T>(name: string) =>
  z.custom<T>((value) => typeof value === 'object' && value !== null, `the ${name} is missing`);

/** What StorageObject reads of it. */
export const StorageEnv = z.object({
  CRIA_STORAGE: integer(1, 10_240, 1024), // MiB; Cloudflare gives an object 10 GB
});

/** What wrangler.toml may set. Source: its [vars] and bindings, where each is explained. */
export const Env = StorageEnv.extend({
  WEIGHTS: binding<R2Bucket>('R2 binding WEIGHTS'),
  STORAGE: binding<StorageBinding>('Durable Object binding STORAGE'),
  CRIA_MODEL: z.string().default('smollm2-135m-instruct-q4_1'),
  CRIA_CONTEXT: integer(16, 131_072, 8192),
  CRIA_RUNNING: integer(1, 64, 8),
  CRIA_WAITING: integer(0, 4096, 64),
  CRIA_KV: z.enum(['f16', 'q8']).default('f16'),
  CRIA_PREFIX_CACHE: integer(0, 65_536, 256), // MiB
  CRIA_SPECULATE: z.enum(['on', 'off']).default('on'),
  ...safetyFields,
}).refine(judgeHasGuard, judgeNeedsGuard);

export type Env = z.infer<typeof Env>;
