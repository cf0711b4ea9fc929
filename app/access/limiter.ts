import type { Limits } from './access-key.ts';
import * as quotas from './quota.ts';
import { newQuota, type Quota, type Refusal, type Standing } from './quota.ts';

export interface Verdict {
  readonly standing: Standing;
  readonly refusal?: Refusal;
}

export interface Entry extends Verdict {
  /** To leave with, where requests at once are limited. */
  readonly lease?: string;
}

/** Counts what callers take, for all who serve them. `subject` is whose limits they are: a key's, or an address's. */
export interface Limiter {
  /** Takes a request, and a slot to be left. Throws LimiterError */
  enter(subject: string, limits: Limits): Promise<Entry>;
  /** Takes tokens. Throws LimiterError */
  reserve(subject: string, limits: Limits, tokens: number): Promise<Verdict>;
  /** Gives tokens back, or takes more where it is negative. */
  settle(subject: string, limits: Limits, tokensBack: number): Promise<void>;
  leave(subject: string, lease: string): Promise<void>;
}

export interface LimiterParts {
  readonly now: () => number;
  readonly newId: () => string;
  /** Of the subjects, those that asked last are remembered. */
  readonly most?: number;
}

/** A limiter for one process: slots are given back when it ends, so that they need no end of their own. */
export function createLimiter({ now, newId, most = 100_000 }: LimiterParts): Limiter {
  const known = new Map<string, Quota>(); // who asked last comes last

  const quotaOf = (subject: string) => known.get(subject) ?? newQuota(now());
  function keep(subject: string, quota: Quota): void {
    known.delete(subject);
    known.set(subject, quota);
    if (known.size > most) known.delete(known.keys().next().value!); // whoever makes so many gains one full bucket
  }

  return {
    async enter(subject, limits) {
      const lease = newId();
      const { quota, ...verdict } = quotas.enter(quotaOf(subject), limits, now(), {
        lease,
        leaseMs: Infinity,
      });
      keep(subject, quota);
      return { ...verdict, ...(limits.concurrency !== undefined && !verdict.refusal && { lease }) };
    },
    async reserve(subject, limits, tokens) {
      const { quota, ...verdict } = quotas.reserve(quotaOf(subject), limits, now(), tokens);
      keep(subject, quota);
      return verdict;
    },
    async settle(subject, limits, tokensBack) {
      keep(subject, quotas.settle(quotaOf(subject), limits, now(), tokensBack));
    },
    async leave(subject, lease) {
      keep(subject, quotas.leave(quotaOf(subject), lease));
    },
  };
}
