import type { MiddlewareHandler } from 'hono';
import { type Access, ANONYMOUS, type Caller } from '../access/access.ts';
import type { AppEnv } from '../run.ts';

/** Load balancers ask there, and learn nothing of anybody. */
export const isHealth = (path: string): boolean => /^\/v1\/health(\/|$)/.test(path);

export interface AuthoriseOptions {
  /** Without keys everyone comes in. */
  readonly access: Access | undefined;
  /** Where no key is needed. */
  readonly isOpen: (path: string) => boolean;
}

/** Says who is behind a request, in `c.var.access`. */
export const authorise =
  ({ access, isOpen }: AuthoriseOptions): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    c.set('access', ANONYMOUS);
    if (access && !isOpen(c.req.path))
      c.set('access', await callerOf(access, c.req.header('authorization'), c.env?.caller));
    await next();
  };

function callerOf(
  access: Access,
  authorization: string | undefined,
  caller: string | undefined,
): Promise<Caller> {
  if (caller !== undefined) return access.recall(caller);
  const [, key] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  return access.identify(key);
}
