import type { Context, MiddlewareHandler } from 'hono';
import type { Limits } from '../access/access-key.ts';
import { toSubject } from '../access/address.ts';
import { BeyondLimitError, RateLimitError } from '../access/errors.ts';
import type { Limiter, Verdict } from '../access/limiter.ts';
import type { Reserve } from '../access/meter.ts';
import type { Standing } from '../access/quota.ts';
import { onceRead } from '../once-read.ts';
import type { AppEnv } from '../run.ts';

export interface RateLimitOptions {
  readonly limiter: Limiter | undefined;
  /** Of a key that has no limits of its own, and of each address where there are no keys. */
  readonly limits: Limits;
  /** Where nothing is counted. */
  readonly isOpen: (path: string) => boolean;
  /** What was taken could not be given back. */
  readonly onError: (error: unknown) => void;
}

/**
 * Counts requests, and those at once; what a route wants counted in tokens, it takes by `c.var.reserve`. A slot is given back
 * when the reply has ended, however it ends.
 */
export const rateLimit =
  ({ limiter, limits: defaults, isOpen, onError }: RateLimitOptions): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const { key } = c.var.access;
    const limits = { ...defaults, ...key?.limits };
    const subject = key ? `key:${key.id}` : toSubject(c.env?.address);
    const isOwn = c.env?.priority === 'low' && !key; // a batch of nobody's: it runs while nothing else does
    if (!limiter || Object.keys(limits).length === 0 || isOpen(c.req.path) || isOwn) return next();

    let standing: Standing = {};
    function accept({ refusal, standing: now }: Verdict, tokens = 0): void {
      standing = { ...standing, ...now };
      if (refusal?.waitMs !== undefined)
        throw new RateLimitError(refusal.limit, refusal.most, refusal.waitMs);
      if (refusal) throw new BeyondLimitError(tokens, refusal.most);
    }
    const reserve: Reserve = async (tokens) => {
      accept(await limiter.reserve(subject, limits, tokens), tokens);
      return (used) => limiter.settle(subject, limits, tokens - used).catch(onError);
    };
    if (limits.tokensPerMinute !== undefined) c.set('reserve', reserve);

    const { lease, ...entry } = await limiter.enter(subject, limits);
    const slot =
      lease === undefined ? undefined : openSlot(c, () => limiter.leave(subject, lease).catch(onError));
    let isStream = false;
    try {
      accept(entry);
      await next();
      isStream = slot !== undefined && !isJson(c.res);
      if (isStream) c.res = onceRead(c.res, slot!.leave);
    } catch (error) {
      writeHeaders(c, standing);
      throw error;
    } finally {
      if (!isStream) await slot?.leave();
    }
    writeHeaders(c, standing);
  };

/** Where the platform would end what a client has left, it waits until the slot is given back. */
function openSlot(c: Context<AppEnv>, giveBack: () => Promise<void>) {
  const left = Promise.withResolvers<void>();
  c.env?.waitUntil?.(left.promise);
  return {
    async leave() {
      await giveBack();
      left.resolve();
    },
  };
}

const isJson = ({ headers, body }: Response) =>
  body === null || (headers.get('content-type')?.startsWith('application/json') ?? false);

/** Source: OpenAI's guide to rate limits. */
function writeHeaders(c: Context<AppEnv>, standing: Standing): void {
  for (const unit of ['requests', 'tokens'] as const) {
    const window = standing[unit];
    if (!window) continue;
    c.header(`x-ratelimit-limit-${unit}`, String(window.limit));
    c.header(`x-ratelimit-remaining-${unit}`, String(window.remaining));
    c.header(`x-ratelimit-reset-${unit}`, duration(window.resetMs));
  }
}

/** Milliseconds as OpenAI writes them: `120ms`, `8.64s`, `1m30s`. */
function duration(ms: number): string {
  if (ms < 1_000) return `${ms}ms`;
  if (ms < 60_000) return `${ms / 1_000}s`;
  return `${Math.floor(ms / 60_000)}m${Math.ceil((ms % 60_000) / 1_000)}s`;
}

const RATE_HEADERS = ['limit', 'remaining', 'reset'].flatMap((what) =>
  ['requests', 'tokens'].map((unit) => `x-ratelimit-${what}-${unit}`),
);

/** Headers of ours that a page of another origin may read. */
export const EXPOSED = ['x-request-id', 'retry-after', 'x-should-retry', ...RATE_HEADERS];

/** The line in the log for what could not be given back. */
export function limiterEvent(error: unknown): Record<string, string> {
  const { name, message } = error as Error;
  return { event: 'error', during: 'limits', name, message };
}
