/** A Lambda Web Function: a server that Lambda asks over HTTP, where it says. Any server of ours can be one. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { type AccessSettings, checkHost } from '../app/access/settings.ts';

const SECRET_LENGTH = 32; // characters, so that nobody guesses it

export const webFunctionFields = {
  /** Where it has to listen, in place of HOST and PORT. Lambda sets it. */
  AWS_LAMBDA_HTTP_ENDPOINT: z
    .string()
    .regex(/^\S+:\d{1,5}$/, 'is not of the form host:port')
    .transform((text) => {
      const colon = text.lastIndexOf(':');
      return { hostname: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
    })
    .optional(),
  /** What whoever stands before it has to say, one of several with commas between. A secret: any function's, or server's. */
  CRIA_ORIGIN_SECRET: z
    .string()
    .transform((text) => text.split(',').map((secret) => secret.trim()))
    .refine((all) => all.every(({ length }) => length >= SECRET_LENGTH), {
      error: `is shorter than ${SECRET_LENGTH} characters, or one of its parts is`,
    })
    .optional(),
  /** Seconds after which the platform cuts a request off. Streams then end before, and say so. */
  CRIA_REQUEST_TIMEOUT: z.coerce.number().int().min(5).max(900).optional(),
};

type Place = z.infer<z.ZodObject<typeof webFunctionFields>> & { readonly HOST: string };

/** Whoever knows a function's address may ask it, whatever it listens on: it needs keys, or someone who says that it does not. */
export const checkPlace = (env: AccessSettings & Place, context: z.RefinementCtx): void =>
  checkHost(env.AWS_LAMBDA_HTTP_ENDPOINT ? { ...env, HOST: 'a function' } : env, context);

/** What is not set of a function that keeps a model's answers: it may write to one folder. */
export const FUNCTION_DEFAULTS = { CRIA_STORAGE_FILE: join(tmpdir(), 'cria/storage.sqlite') } as const;
