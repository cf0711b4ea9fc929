/** What a caller has taken of its limits: token buckets and slots, as plain numbers and pure functions. */
import type { Limits } from './access-key.ts';

const MINUTE_MS = 60_000;

/**
 * Buckets hold what was taken, in 60,000ths of a request or a token: a millisecond gives back a whole number of these, so
 * that nothing is lost to rounding however often one asks. At 0 a bucket is full; it never holds more than a minute's worth.
 */
export interface Quota {
  readonly atMs: number; // when the rest was true
  readonly requests: number;
  readonly tokens: number; // more than a bucket where replies were longer than was reserved for them
  /** Requests that run, and for how many milliseconds they still count unless they say that they live. */
  readonly leases: Readonly<Record<string, number>>;
}

export const newQuota = (nowMs: number): Quota => ({ atMs: nowMs, requests: 0, tokens: 0, leases: {} });

/** A limit as it stands. */
export interface Window {
  readonly limit: number; // a minute
  readonly remaining: number;
  readonly resetMs: number; // until it is full again
}

export interface Standing {
  readonly requests?: Window;
  readonly tokens?: Window;
}

export interface Refusal {
  readonly limit: 'requests' | 'tokens' | 'concurrency';
  readonly most: number;
  /** When to come again; undefined: it never fits. */
  readonly waitMs: number | undefined;
}

/** What was decided; the quota to keep is `quota`, refused or not. */
export interface Decision {
  readonly quota: Quota;
  readonly standing: Standing;
  readonly refusal?: Refusal;
}

const SLOT_WAIT_MS = 1_000; // nobody knows when a request ends

/** Takes a request, and a slot in the name of `lease`: both, or neither. */
export function enter(
  quota: Quota,
  limits: Limits,
  nowMs: number,
  { lease, leaseMs }: { readonly lease: string; readonly leaseMs: number },
): Decision {
  const now = advance(quota, limits, nowMs);
  const { requestsPerMinute: perMinute, concurrency } = limits;
  if (concurrency !== undefined && Object.keys(now.leases).length >= concurrency)
    return decide(now, limits, { limit: 'concurrency', most: concurrency, waitMs: SLOT_WAIT_MS });
  const waitMs = perMinute === undefined ? 0 : waitFor(now.requests, 1, perMinute);
  if (waitMs > 0) return decide(now, limits, { limit: 'requests', most: perMinute!, waitMs });
  return decide(
    {
      ...now,
      requests: perMinute === undefined ? 0 : now.requests + MINUTE_MS,
      leases: concurrency === undefined ? now.leases : { ...now.leases, [lease]: leaseMs },
    },
    limits,
  );
}

/** Takes tokens, all or none. */
export function reserve(quota: Quota, limits: Limits, nowMs: number, tokens: number): Decision {
  const now = advance(quota, limits, nowMs);
  const perMinute = limits.tokensPerMinute;
  if (perMinute === undefined) return decide(now, limits);
  if (tokens > perMinute) return decide(now, limits, { limit: 'tokens', most: perMinute, waitMs: undefined });
  const waitMs = waitFor(now.tokens, tokens, perMinute);
  if (waitMs > 0) return decide(now, limits, { limit: 'tokens', most: perMinute, waitMs });
  return decide({ ...now, tokens: now.tokens + tokens * MINUTE_MS }, limits);
}

/** Gives tokens back that were reserved and not used, or takes those that were used beyond that. */
export function settle(quota: Quota, limits: Limits, nowMs: number, tokensBack: number): Quota {
  const now = advance(quota, limits, nowMs);
  return { ...now, tokens: Math.max(0, now.tokens - tokensBack * MINUTE_MS) };
}

/** A request lives; or again, where the clock has taken it for dead. */
export function renew(quota: Quota, limits: Limits, nowMs: number, lease: string, leaseMs: number): Quota {
  const now = advance(quota, limits, nowMs);
  return { ...now, leases: { ...now.leases, [lease]: leaseMs } };
}

export function leave(quota: Quota, lease: string): Quota {
  const { [lease]: _, ...leases } = quota.leases;
  return { ...quota, leases };
}

/** Nothing would be lost if it were forgotten. */
export function isIdle(quota: Quota, limits: Limits, nowMs: number): boolean {
  const { requests, tokens, leases } = advance(quota, limits, nowMs);
  return requests === 0 && tokens === 0 && Object.keys(leases).length === 0;
}

/**
 * The quota at a later time. A clock that was put back gives nothing and takes nothing: time counts on from there. One that
 * was put forward gives a full bucket at most, and the slots of requests that have not said since that they live.
 */
function advance(quota: Quota, { requestsPerMinute = 0, tokensPerMinute = 0 }: Limits, nowMs: number): Quota {
  const elapsedMs = Math.max(0, Math.floor(nowMs) - quota.atMs);
  return {
    atMs: Math.floor(nowMs),
    requests: requestsPerMinute === 0 ? 0 : Math.max(0, quota.requests - elapsedMs * requestsPerMinute),
    tokens: tokensPerMinute === 0 ? 0 : Math.max(0, quota.tokens - elapsedMs * tokensPerMinute),
    leases: Object.fromEntries(
      Object.entries(quota.leases).flatMap(([lease, leftMs]) =>
        leftMs > elapsedMs ? [[lease, leftMs - elapsedMs]] : [],
      ),
    ),
  };
}

/** Milliseconds until the bucket has so many; 0 when it has. */
const waitFor = (taken: number, wanted: number, perMinute: number): number =>
  Math.max(0, Math.ceil((taken + wanted * MINUTE_MS) / perMinute) - MINUTE_MS);

function decide(quota: Quota, { requestsPerMinute, tokensPerMinute }: Limits, refusal?: Refusal): Decision {
  return {
    quota,
    standing: {
      ...(requestsPerMinute && { requests: windowOf(quota.requests, requestsPerMinute) }),
      ...(tokensPerMinute && { tokens: windowOf(quota.tokens, tokensPerMinute) }),
    },
    ...(refusal && { refusal }),
  };
}

const windowOf = (taken: number, perMinute: number): Window => ({
  limit: perMinute,
  remaining: Math.max(0, Math.floor(perMinute - taken / MINUTE_MS)),
  resetMs: Math.ceil(taken / perMinute),
});
