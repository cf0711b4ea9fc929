import * as z from 'zod';
import { Routes } from '../app/gateway/schema.ts';
import { integer } from '../app/settings.ts';

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
    CRIA_AUTH: z.enum(['none', 'bearer']).default('bearer'),
    /** Separated by commas. */
    CRIA_KEYS: z
      .string()
      .default('')
      .transform((text) => text.split(',').flatMap((key) => key.trim() || [])),
    CRIA_MAX_BODY: integer(1024, 2 ** 30, 2 ** 20), // bytes
    CRIA_TIMEOUT: integer(1, 300, 300), // seconds; fetch itself waits no longer
  })
  .refine(({ CRIA_AUTH, CRIA_KEYS }) => CRIA_AUTH === 'none' || CRIA_KEYS.length > 0, {
    error: 'no key: set at least one, or CRIA_AUTH=none to let everyone in',
    path: ['CRIA_KEYS'],
  });

export type GatewayEnv = z.infer<typeof GatewayEnv>;
