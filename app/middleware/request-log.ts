import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AppEnv, RunDeps } from '../run.ts';

type LogDeps = Pick<RunDeps, 'log' | 'now' | 'metrics' | 'slowMs'>;

/** One log line and one count for each request. A stream's tokens come later, on its `completion` line. */
export const requestLog =
  ({ log, now, metrics, slowMs }: LogDeps): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const startedAt = now();
    await next();

    const route = matchedRoutes(c).find(({ method }) => method !== 'ALL'); // ALL is middleware
    metrics.countRequest(route?.method ?? 'other', route?.path ?? 'other', c.res.status); // labels: a finite set
    const line = {
      requestId: c.var.requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: now() - startedAt,
    };
    log({ event: 'request', ...line });
    if (slowMs > 0 && line.ms >= slowMs) log({ event: 'slow', ...line });
  };
