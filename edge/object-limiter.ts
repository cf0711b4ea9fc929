import type { Limits } from '../app/access/access-key.ts';
import { LimiterError } from '../app/access/errors.ts';
import type { Limiter } from '../app/access/limiter.ts';
import type { LimiterBinding } from './env.ts';

const RENEW_MS = 20_000; // a slot whose request says nothing is taken back after 60 s

/** Limits that all isolates share: each caller has an object, to be found anew at each call (object-storage.ts says why). */
export function objectLimiter(binding: LimiterBinding, newId: () => string): Limiter {
  const object = (subject: string) => binding.get(binding.idFromName(subject));
  const renewals = new Map<
    string,
    { readonly limits: Limits; readonly timer: ReturnType<typeof setInterval> }
  >();

  return {
    async enter(subject, limits) {
      const lease = newId();
      const verdict = await orUnavailable(object(subject).enter(limits, lease));
      if (verdict.refusal || limits.concurrency === undefined) return verdict;
      const timer = setInterval(() => {
        object(subject)
          .renew(limits, lease)
          .catch(() => {}); // the next one says it again
      }, RENEW_MS);
      renewals.set(lease, { limits, timer });
      return { ...verdict, lease };
    },
    reserve: (subject, limits, tokens) => orUnavailable(object(subject).reserve(limits, tokens)),
    settle: (subject, limits, tokensBack) => orUnavailable(object(subject).settle(limits, tokensBack)),
    async leave(subject, lease) {
      const renewal = renewals.get(lease);
      if (!renewal) return;
      renewals.delete(lease);
      clearInterval(renewal.timer);
      await orUnavailable(object(subject).leave(renewal.limits, lease));
    },
  };
}

async function orUnavailable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new LimiterError(error);
  }
}
