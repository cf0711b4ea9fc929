import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Deps } from '../deps.ts';
import { prepare, readinessOf } from '../readiness.ts';
import type { AppEnv } from '../run.ts';
import type { Health } from '../schemas/health.ts';

type HealthDeps = Pick<Deps, 'engine' | 'safety' | 'lifecycle' | 'place' | 'log'>;

/** How the server is. 503 only when it has failed for good: one that loads will answer, and must not be restarted. */
export const health = (deps: HealthDeps) => (c: Context<AppEnv>) =>
  tell(c, deps, readinessOf(deps).state === 'failed' ? 503 : 200);

/** Whether it can answer now. To ask has it load what it has not loaded yet, or it might never be asked anything else. */
export const ready = (deps: HealthDeps) => (c: Context<AppEnv>) => {
  const { state } = readinessOf(deps);
  if (state === 'loading') outlast(c, load(deps));
  return tell(c, deps, state === 'ready' ? 200 : 503);
};

function tell(c: Context<AppEnv>, deps: HealthDeps, status: ContentfulStatusCode): Response {
  const { state, load, guard } = readinessOf(deps);
  const { running, waiting } = deps.engine.stats();
  return c.json(
    {
      status: state === 'failed' ? 'Error' : 'OK',
      state,
      ...deps.place,
      running,
      waiting,
      load: { bytes: load.bytes, total_bytes: load.totalBytes },
      ...(guard === undefined ? {} : { guard }),
    } satisfies Health,
    status,
  );
}

async function load(deps: HealthDeps): Promise<void> {
  try {
    await prepare(deps, new AbortController().signal);
  } catch (error) {
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    deps.log({ event: 'error', during: 'load', name, message, stack });
  }
}

/** A Worker has to be told of work that goes on after the reply. */
function outlast({ env }: Context<AppEnv>, work: Promise<void>): void {
  env?.waitUntil?.(work);
}
