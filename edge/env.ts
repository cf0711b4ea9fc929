import type { Fetcher, R2Bucket } from '@cloudflare/workers-types';
import * as z from 'zod';
import type { Limits } from '../app/access/access-key.ts';
import { limitFields } from '../app/access/limit-settings.ts';
import type { Verdict } from '../app/access/limiter.ts';
import { accessFields, checkAccess } from '../app/access/settings.ts';
import { engineFields } from '../app/engine-settings.ts';
import { operationFields } from '../app/operation-settings.ts';
import { requestFields } from '../app/request-settings.ts';
import { judgeHasGuard, judgeNeedsGuard, safetyFields } from '../app/safety-settings.ts';
import { integer } from '../app/settings.ts';
import type { Storage } from '../app/storage/storage.ts';

/** The binding of StorageObject, as far as we use it. */
export interface StorageBinding {
  idFromName(name: string): unknown;
  get(id: unknown): Storage & { wakeBatches(): Promise<void> };
}

/** The binding of LimiterObject, as far as we use it. */
export interface LimiterBinding {
  idFromName(name: string): unknown;
  get(id: unknown): {
    enter(limits: Limits, lease: string): Promise<Verdict>;
    reserve(limits: Limits, tokens: number): Promise<Verdict>;
    settle(limits: Limits, tokensBack: number): Promise<void>;
    renew(limits: Limits, lease: string): Promise<void>;
    leave(limits: Limits, lease: string): Promise<void>;
  };
}

const binding = <T>(name: string) =>
  z.custom<T>((value) => typeof value === 'object' && value !== null, `the ${name} is missing`);

/** What StorageObject reads of it. */
export const StorageEnv = z.object({
  CRIA_STORAGE: integer(1, 10_240, 1024), // MiB; Cloudflare gives an object 10 GB
});

/** What the operator sets: wrangler.toml's [vars], where each is explained. */
export const Vars = StorageEnv.extend({
  ...accessFields,
  ...limitFields,
  ...requestFields,
  ...engineFields,
  ...operationFields,
  ...safetyFields,
});

/** All that a Worker is given. */
export const Env = Vars.extend({
  /** Where the weights are: in Cloudflare's R2, or where workerd stands alone in a folder that it serves. */
  WEIGHTS: binding<R2Bucket>('R2 binding WEIGHTS').optional(),
  WEIGHTS_FOLDER: binding<Fetcher>('service WEIGHTS_FOLDER').optional(),
  /** The folder of the keys file, where workerd stands alone. */
  KEYS_FOLDER: binding<Fetcher>('service KEYS_FOLDER').optional(),
  /** The playground's files, where Cloudflare's assets do not answer for them. */
  PAGE: binding<Fetcher>('service PAGE').optional(),
  STORAGE: binding<StorageBinding>('Durable Object binding STORAGE'),
  LIMITER: binding<LimiterBinding>('Durable Object binding LIMITER'),
})
  .refine(({ WEIGHTS, WEIGHTS_FOLDER }) => WEIGHTS !== undefined || WEIGHTS_FOLDER !== undefined, {
    path: ['WEIGHTS'],
    error: 'the R2 binding is missing, and so is the service WEIGHTS_FOLDER',
  })
  .refine(judgeHasGuard, judgeNeedsGuard)
  .superRefine(checkAccess);

export type Env = z.infer<typeof Env>;
