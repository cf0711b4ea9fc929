import type { Guard, Verdict } from '../engine/guard/guard.ts';
import type { Deps } from './deps.ts';
import type { Metrics } from './metrics.ts';
import { addSpan, contextOf, errorType } from './tracing.ts';

export interface ObserveOptions extends Pick<Deps, 'now'> {
  readonly metrics: Metrics;
}

/** A guard whose judgements are counted, timed and traced: that there was one, and what it found; not what it read. */
export function observedGuard(guard: Guard, { metrics, now }: ObserveOptions): Guard {
  return {
    info: guard.info,
    get state() {
      return guard.state;
    },
    get load() {
      return guard.load;
    },
    prepare: (signal) => guard.prepare(signal),
    async judge(request, signal) {
      const from = now();
      const direction = request.messages.at(-1)?.role === 'assistant' ? 'output' : 'input';
      const tell = (
        { flagged, categories }: Pick<Verdict, 'flagged' | 'categories'>,
        reason: Verdict['reason'] | 'error',
        error?: unknown,
      ) => {
        const to = now();
        metrics.observeJudgement({ direction, reason, flagged, categories, ms: to - from });
        const attributes = {
          'cria.guard.direction': direction,
          'cria.guard.reason': reason,
          'cria.guard.flagged': flagged,
          'cria.guard.categories': [...categories],
          'gen_ai.request.model': guard.info.id,
          ...(error === undefined ? {} : { 'error.type': errorType(error) }),
        };
        addSpan('guard', { context: contextOf(signal), from, to, attributes });
      };
      try {
        const verdict = await guard.judge(request, signal);
        tell(verdict, verdict.reason);
        return verdict;
      } catch (error) {
        tell({ flagged: false, categories: [] }, 'error', error);
        throw error;
      }
    },
  };
}
