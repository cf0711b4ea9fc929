import type { MiddlewareHandler } from 'hono';
import { UnauthorizedError } from './errors.ts';

/** Lets in who brings one of the keys. Digests are compared, so that how long it takes says nothing of a key. */
export function authorise(keys: readonly string[]): MiddlewareHandler {
  let known: Promise<ReadonlySet<string>> | undefined;
  return async (c, next) => {
    known ??= Promise.all(keys.map(digest)).then((digests) => new Set(digests));
    const [, key] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
    if (key === undefined || !(await known).has(await digest(key)))
      throw new UnauthorizedError(key !== undefined);
    await next();
  };
}

async function digest(key: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
