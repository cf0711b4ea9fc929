import type { R2Bucket } from '@cloudflare/workers-types';
import * as z from 'zod';
import { accessFields, checkAccess } from '../app/access/settings.ts';
import { engineFields } from '../app/engine-settings.ts';
import { judgeHasGuard, judgeNeedsGuard, safetyFields } from '../app/safety-settings.ts';
import { integer } from '../app/settings.ts';
import type { Storage } from '../app/storage/storage.ts';

/** The binding of StorageObject, as far as we use it. */
export interface StorageBinding {
  idFromName(name: string): unknown;
  get(id: unknown): Storage & { wakeBatches(): Promise<void> };
}

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
  ...accessFields,
  ...engineFields,
  ...safetyFields,
})
  .refine(judgeHasGuard, judgeNeedsGuard)
  .superRefine(checkAccess);

export type Env = z.infer<typeof Env>;
