import { setTimeout } from 'node:timers/promises';
import type { Next } from '../app/batches/run-batches.ts';

export interface BatchLoop {
  /** There may be something to do. */
  wake(): void;
  stop(): void;
}

export interface BatchLoopParts {
  readonly run: (signal: AbortSignal) => Promise<Next>;
  readonly onError: (error: unknown) => void;
  readonly laterMs: number;
}

/** Runs turns of batches in this process, one after the other, for as long as there are some. Looks once at the start. */
export function startBatchLoop({ run, onError, laterMs }: BatchLoopParts): BatchLoop {
  const stop = new AbortController();
  let woken = Promise.withResolvers<void>();

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      const wake = woken.promise; // of now: what is woken during the turn counts
      const next = await run(stop.signal).catch((error: unknown): Next => {
        if (!stop.signal.aborted) onError(error);
        return 'later';
      });
      if (next === 'idle') await wake;
      if (next === 'later') await Promise.race([wake, setTimeout(laterMs, undefined, { ref: false })]);
    }
  }
  void loop();

  return {
    wake() {
      woken.resolve();
      woken = Promise.withResolvers();
    },
    stop() {
      stop.abort();
      woken.resolve();
    },
  };
}
