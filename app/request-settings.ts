/** What an operator may set of requests, at every door alike. docs/access.md explains each. */
import * as z from 'zod';
import { integer } from './settings.ts';

export const requestFields = {
  CRIA_MAX_BODY: integer(1024, 2 ** 30, 2 ** 20), // bytes
  CRIA_MAX_MESSAGES: integer(1, 2048, 2048), // of a conversation; OpenAI's limit is the most
  CRIA_MAX_TEXT: integer(1, 2 ** 30, 2 ** 20), // characters of one message, prompt or input
  CRIA_MAX_TOKENS: integer(0, 131_072, 0), // of a reply; 0: what the context has room for
  CRIA_MAX_IMAGES: integer(0, 256, 16), // in a request, where the gateway passes them on
  /** Origins whose pages may ask besides the server's own, with commas between; `*`: all. */
  CRIA_CORS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((origin) => origin.trim() || []))
    .refine((origins) => origins.every((origin) => origin === '*' || isOrigin(origin)), {
      error: 'write origins with commas between, such as https://app.example.org, or *',
    }),
};

type RequestSettings = z.infer<z.ZodObject<typeof requestFields>>;

/** How large a request may be. */
export interface Bounds {
  readonly messages: number;
  readonly textLength: number;
  readonly replyTokens: number | undefined;
}

export const toRequestOptions = (env: RequestSettings) => ({
  maxBodyBytes: env.CRIA_MAX_BODY,
  bounds: {
    messages: env.CRIA_MAX_MESSAGES,
    textLength: env.CRIA_MAX_TEXT,
    replyTokens: env.CRIA_MAX_TOKENS || undefined,
  } satisfies Bounds,
  pages: env.CRIA_CORS,
});

/** What a browser says in `Origin`. */
export const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;
