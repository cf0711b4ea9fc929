import type { Gateway } from '../app/gateway/gateway.ts';

/** As old as what is known of the backends may be. */
const FRESH_MS = 5_000;

/**
 * The gateway where the platform freezes a process between requests: nothing can be done every few seconds, and what was
 * known before the frost says nothing. So a request looks first, if nobody has just done so.
 */
export function probedWhenAsked({ app, probe }: Gateway, nowMs: () => number): Gateway['app']['fetch'] {
  let looking: Promise<void> | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return async (request, ...rest) => {
    if (nowMs() - lookedAtMs > FRESH_MS) {
      looking ??= probe().finally(() => {
        looking = undefined;
        lookedAtMs = nowMs();
      });
      await looking;
    }
    return app.fetch(request, ...rest);
  };
}
