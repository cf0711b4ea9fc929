import type { Engine, EngineStats, ModelInfo } from './engine.ts';
import { SupersededError } from './errors.ts';

export interface LazyEngineParts {
  readonly info: ModelInfo;
  /**
   * Loads the model. `progress` is to be called now and then on the way; it throws SupersededError when another
   * attempt has taken over, so that a loader that was only slow stops there.
   */
  readonly load: (progress: () => void) => Promise<Engine>;
  readonly nowMs: () => number;
  /** Between two looks at a load under way: a moment in which the event loop runs, such as 20 ms. */
  readonly pause: () => Promise<void>;
  /** A load without progress for so long is taken to have died with the request that began it. */
  readonly stuckMs: number;
}

interface Attempt {
  progressAtMs: number;
  failure: { readonly error: unknown } | undefined;
}

const EMPTY: Omit<EngineStats, 'state'> = {
  running: 0,
  waiting: 0,
  promptTokens: 0,
  completionTokens: 0,
  prefixQueries: 0,
  prefixHits: 0,
  requests: 0,
  rejected: 0,
  aborted: 0,
  failed: 0,
  steps: 0,
  draftTokens: 0,
  acceptedTokens: 0,
  deviceBytes: 0,
};

/**
 * An engine that loads on the first request. Requests that come meanwhile share the load; its failure is theirs, and
 * the next request tries again.
 *
 * They look at the load from time to time rather than wait for its promise: in workerd a promise made by one request
 * may never settle once that request's client has left.
 */
export function createLazyEngine({ info, load, nowMs, pause, stuckMs }: LazyEngineParts): Engine {
  let engine: Engine | undefined;
  let current: Attempt | undefined;

  function begin(): Attempt {
    const attempt: Attempt = { progressAtMs: nowMs(), failure: undefined };
    current = attempt;

    const progress = () => {
      if (engine || current !== attempt) throw new SupersededError(info.id);
      attempt.progressAtMs = nowMs();
    };
    void run(attempt, progress);
    return attempt;
  }

  async function run(attempt: Attempt, progress: () => void): Promise<void> {
    try {
      const loaded = await load(progress);
      engine ??= loaded;
    } catch (error) {
      attempt.failure = { error };
    }
  }

  /** Joins the load under way, or begins one. */
  function join(): Attempt {
    if (!current || current.failure) return begin();
    return nowMs() - current.progressAtMs > stuckMs ? begin() : current;
  }

  async function loaded(signal: AbortSignal): Promise<Engine> {
    let attempt: Attempt | undefined;
    for (;;) {
      signal.throwIfAborted();
      if (engine) return engine;
      if (attempt === current && attempt?.failure) throw attempt.failure.error;
      attempt = join();
      await pause();
    }
  }

  return {
    models: () => [info],
    stats: () => engine?.stats() ?? { ...EMPTY, state: current?.failure ? 'failed' : 'loading' },
    start: async (request, signal) => (await loaded(signal)).start(request, signal),
    embed: async (request, signal) => (await loaded(signal)).embed(request, signal),
  };
}
