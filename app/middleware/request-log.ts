import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Deps } from '../deps.ts';
import type { Metrics } from '../metrics.ts';
import type { AppEnv } from '../run.ts';

/** One log line and one count for each request. A stream's tokens come later, on its `completion` line. */
export const requestLog =
  ({ log, now }: Deps, metrics: Metrics): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const startedAt = now();
    await next();

    const route = matchedRoutes(c).find(({ method }) => method !== 'ALL'); // ALL is middleware
    metrics.countRequest(route?.method ?? 'other', route?.path ?? 'other', c.res.status); // labels: a finite set
    log({
      event: 'request',
      requestId: c.var.requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: now() - startedAt,
    });
  };
