import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { limitFields } from '../app/access/limit-settings.ts';
import { accessFields } from '../app/access/settings.ts';
import { engineFields } from '../app/engine-settings.ts';
import { operationFields } from '../app/operation-settings.ts';
import { requestFields } from '../app/request-settings.ts';
import { judgeHasGuard, judgeNeedsGuard, safetyFields } from '../app/safety-settings.ts';
import { integer } from '../app/settings.ts';
import { tracingFields } from './start-tracing.ts';
import { checkPlace, webFunctionFields } from './web-function.ts';

/** How long what is being answered may go on after SIGTERM. Less than whoever sends it waits until SIGKILL. */
export const DRAIN = integer(0, 3600, 25); // seconds

const MOST_THREADS = 64;

/** The environment of a server with a model of its own. */
export const Env = z
  .object({
    HOST: z.string().default('127.0.0.1'), // without keys only this machine may ask
    PORT: integer(0, 65_535, 8788),
    CRIA_HOME: z.string().optional(),
    XDG_CACHE_HOME: z.string().optional(),
    CRIA_STORAGE: integer(1, 2 ** 30, 1024), // MiB
    CRIA_STORAGE_FILE: z.string().min(1).optional(), // storage.sqlite in CRIA_HOME when absent
    CRIA_THREADS: integer(1, MOST_THREADS, Math.min(availableParallelism(), MOST_THREADS)),
    ...accessFields,
    CRIA_DRAIN: DRAIN,
    ...limitFields,
    ...tracingFields,
    ...webFunctionFields,
    ...requestFields,
    ...engineFields,
    ...operationFields,
    ...safetyFields,
  })
  .refine(judgeHasGuard, judgeNeedsGuard)
  .superRefine(checkPlace);

export type Env = z.infer<typeof Env>;
