import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** A page of somewhere else asks, which may not. */
export class OriginError extends Error {
  override readonly name = 'OriginError';
  readonly code = 'origin_not_allowed';

  constructor() {
    super('this server answers no pages from there: its operator may set keys, or name them in CRIA_CORS');
  }
}

export interface OriginsOptions {
  /** Keys are asked for. */
  readonly keyed: boolean;
  /** Origins whose pages may ask besides the server's own; `*`: all. */
  readonly allowed?: readonly string[];
  readonly exposeHeaders: readonly string[];
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Which pages may ask. Where keys are asked for, any page: it has none that its visitor did not give it. Where none are, a
 * visitor's browser would lend the server on his own machine to every page he opens; so only the server's own pages may,
 * and those of the machine. The operator may name others; where keys are asked for, they are the only ones then.
 */
export function origins({ keyed, allowed = [], exposeHeaders }: OriginsOptions): MiddlewareHandler[] {
  const isAnyone = allowed.includes('*') || (keyed && allowed.length === 0);
  const allows = (origin: string, url: string) => isAnyone || allowed.includes(origin) || isOwn(origin, url);
  return [
    cors({
      origin: (origin, c) => (isAnyone ? '*' : allows(origin, c.req.url) ? origin : null),
      exposeHeaders: [...exposeHeaders],
      maxAge: 86_400,
    }),
    async (c, next) => {
      const origin = c.req.header('origin'); // browsers send it with all that may change something
      if (origin !== undefined && !allows(origin, c.req.url)) throw new OriginError();
      await next();
    },
  ];
}

function isOwn(origin: string, url: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, hostname } = new URL(origin);
  return LOOPBACK.test(hostname) || host === new URL(url).host;
}
