import type { Context } from 'hono';
import type { Deps } from '../deps.ts';
import type { Health } from '../schemas/health.ts';

/** 503 only when the engine has failed for good: one that loads will answer, and must not be restarted. */
export const health =
  ({ engine, place }: Pick<Deps, 'engine' | 'place'>) =>
  (c: Context) => {
    const { state, running, waiting } = engine.stats();
    const status = state === 'failed' ? 'Error' : 'OK';
    return c.json(
      { status, state, ...place, running, waiting } satisfies Health,
      state === 'failed' ? 503 : 200,
    );
  };
