/** What an operator may set of the engine, at every door alike. README.md and wrangler.toml explain each. */
import * as z from 'zod';
import { integer } from './settings.ts';

export const engineFields = {
  CRIA_MODEL: z.string().default('smollm2-135m-instruct-q4_1'),
  CRIA_CONTEXT: integer(16, 131_072, 8192),
  CRIA_RUNNING: integer(1, 64, 8),
  CRIA_WAITING: integer(0, 4096, 64),
  CRIA_KV: z.enum(['f16', 'q8']).default('f16'),
  CRIA_PREFIX_CACHE: integer(0, 65_536, 256), // MiB
  CRIA_SPECULATE: z.enum(['on', 'off']).default('on'),
};

type EngineFields = z.infer<z.ZodObject<typeof engineFields>>;

/** The same in the engine's words. */
export const toEngineSettings = (env: EngineFields) => ({
  contextLength: env.CRIA_CONTEXT,
  running: env.CRIA_RUNNING,
  waiting: env.CRIA_WAITING,
  kvType: env.CRIA_KV,
  prefixCacheBytes: env.CRIA_PREFIX_CACHE * 2 ** 20,
  speculation: env.CRIA_SPECULATE === 'on',
});
