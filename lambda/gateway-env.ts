import * as z from 'zod';
import { limitFields } from '../app/access/limit-settings.ts';
import { accessFields } from '../app/access/settings.ts';
import { Routes } from '../app/gateway/schema.ts';
import { requestFields } from '../app/request-settings.ts';
import { integer } from '../app/settings.ts';
import { DRAIN } from './env.ts';
import { tracingFields } from './start-tracing.ts';
import { WakeTargets } from './wake-ecs.ts';
import { checkPlace, webFunctionFields } from './web-function.ts';

function fromJson(text: string, { addIssue }: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    addIssue({ code: 'custom', message: `not JSON: ${(error as Error).message}` });
    return z.NEVER;
  }
}

const usesAws = (env: {
  readonly CRIA_WAKE: WakeTargets;
  readonly CRIA_UPLOAD_BUCKET?: string | undefined;
}) => env.CRIA_UPLOAD_BUCKET !== undefined || Object.keys(env.CRIA_WAKE).length > 0;

/** The environment of the gateway. */
export const GatewayEnv = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: integer(0, 65_535, 8780),
    CRIA_ROUTES: z
      .string('the routes are missing: `cria emit` and `cria up` write them')
      .transform(fromJson)
      .pipe(Routes),
    ...accessFields,
    ...limitFields,
    ...requestFields,
    CRIA_DRAIN: DRAIN,
    ...tracingFields,
    ...webFunctionFields,
    CRIA_TIMEOUT: integer(1, 300, 300), // seconds; fetch itself waits no longer
    /** Backends that sleep when nobody asks them: the services to start, as JSON. */
    CRIA_WAKE: z.string().default('{}').transform(fromJson).pipe(WakeTargets),
    CRIA_START_TIMEOUT: integer(1, 900, 600), // seconds that a stream waits for a model that is started
    /** For images larger than CRIA_MAX_BODY. */
    CRIA_UPLOAD_BUCKET: z.string().min(3).max(63).optional(),
    CRIA_MAX_UPLOAD: integer(1024, 2 ** 30, 20 * 2 ** 20), // bytes
    /** Hosts that backends may fetch images from, with commas between. */
    CRIA_IMAGE_HOSTS: z
      .string()
      .default('')
      .transform((text) =>
        text
          .toLowerCase()
          .split(',')
          .flatMap((host) => host.trim() || []),
      ),
    AWS_REGION: z.string().min(1).optional(),
    AWS_ENDPOINT_URL: z.url().optional(),
    AWS_ENDPOINT_URL_ECS: z.url().optional(),
    AWS_ENDPOINT_URL_S3: z.url().optional(),
  })
  .refine((env) => env.AWS_REGION !== undefined || !usesAws(env), {
    error: 'is needed to start services, and for uploads',
    path: ['AWS_REGION'],
  })
  .superRefine(({ CRIA_ROUTES, CRIA_WAKE }, { addIssue }) => {
    const asleep = new Set(Object.keys(CRIA_WAKE));
    for (const { name, health } of CRIA_ROUTES.backends)
      if (asleep.delete(name) && health === undefined)
        addIssue({
          code: 'custom',
          path: ['CRIA_WAKE', name],
          message: 'without health nobody knows that it sleeps',
        });
    for (const name of asleep)
      addIssue({ code: 'custom', path: ['CRIA_WAKE', name], message: 'there is no such backend' });
  })
  .superRefine(checkPlace);

export type GatewayEnv = z.infer<typeof GatewayEnv>;
