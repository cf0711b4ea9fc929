import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Deps } from '../deps.ts';
import type { AppEnv } from '../run.ts';
import { beginRequest, bindSignal, UNTRACED } from '../tracing.ts';
import { isHealth } from './authorise.ts';

/** Probes and scrapes, which come every few seconds and nobody follows, are not traced. */
const isProbe = (path: string): boolean => isHealth(path) || path === '/metrics';

/** One span for each request, in `c.var.trace`; a streamed reply holds it open until its end. */
export const requestTrace =
  ({ now }: Pick<Deps, 'now'>): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (isProbe(c.req.path)) {
      c.set('trace', UNTRACED);
      return next();
    }
    const begun = beginRequest(c.req.header('traceparent'), c.req.method, now());
    const { context, span } = begun;
    c.set('trace', { context, span, hold: () => begun.holdUntil(now) });
    bindSignal(c.req.raw.signal, context);
    await next();

    const route = matchedRoutes(c).find(({ method }) => method !== 'ALL');
    if (route) span.updateName(`${c.req.method} ${route.path}`).setAttribute('http.route', route.path);
    span.setAttribute('http.response.status_code', c.res.status);
    begun.release(now);
  };
