import * as z from 'zod';
import { limitFields } from '../app/access/limit-settings.ts';
import { accessFields, checkHost } from '../app/access/settings.ts';
import { Routes } from '../app/gateway/schema.ts';
import { integer } from '../app/settings.ts';
import { DRAIN } from './env.ts';

/** The environment of the gateway. */
export const GatewayEnv = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: integer(0, 65_535, 8780),
    /** Where a Lambda Web Function has to listen, in place of HOST and PORT. Lambda sets it. */
    AWS_LAMBDA_HTTP_ENDPOINT: z
      .string()
      .regex(/^\S+:\d{1,5}$/, 'is not of the form host:port')
      .transform((text) => {
        const colon = text.lastIndexOf(':');
        return { hostname: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
      })
      .optional(),
    CRIA_ROUTES: z
      .string('the routes are missing: `cria emit` and `cria up` write them')
      .transform((text, { addIssue }) => {
        try {
          return JSON.parse(text) as unknown;
        } catch (error) {
          addIssue({ code: 'custom', message: `not JSON: ${(error as Error).message}` });
          return z.NEVER;
        }
      })
      .pipe(Routes),
    ...accessFields,
    ...limitFields,
    CRIA_MAX_BODY: integer(1024, 2 ** 30, 2 ** 20), // bytes
    CRIA_DRAIN: DRAIN,
    CRIA_TIMEOUT: integer(1, 300, 300), // seconds; fetch itself waits no longer
  })
  .superRefine((env, context) =>
    checkHost(env.AWS_LAMBDA_HTTP_ENDPOINT ? { ...env, HOST: 'a function' } : env, context),
  );

export type GatewayEnv = z.infer<typeof GatewayEnv>;
