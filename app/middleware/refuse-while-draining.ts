import type { MiddlewareHandler } from 'hono';
import { type Lifecycle, ShuttingDownError } from '../lifecycle.ts';

/** A server on its way out answers how it is, and nothing else that is new. */
export const refuseWhileDraining =
  (lifecycle: Lifecycle): MiddlewareHandler =>
  async (c, next) => {
    const isProbe = /^\/(v1\/health|metrics)(\/|$)/.test(c.req.path);
    if (lifecycle.isDraining && !isProbe) throw new ShuttingDownError();
    await next();
  };
