import type { LoadProgress } from './engine.ts';
import { SupersededError } from './errors.ts';

export interface LazyLoadParts<T> {
  /** What loads, for messages. */
  readonly name: string;
  /**
   * `progress` is to be called now and then on the way, with the bytes read of those to read where they are known; it
   * throws SupersededError when another attempt has taken over, so that a loader that was only slow stops there.
   */
  readonly load: (progress: (bytes?: number, totalBytes?: number) => void) => Promise<T>;
  readonly nowMs: () => number;
  /** Between two looks at a load under way: a moment in which the event loop runs, such as 20 ms. */
  readonly pause: () => Promise<void>;
  /** A load without progress for so long is taken to have died with the request that began it. */
  readonly stuckMs: number;
}

export interface LazyLoad<T> {
  /** Once it is there. */
  readonly value: T | undefined;
  readonly state: 'loading' | 'ready' | 'failed';
  /** Of the attempt under way, or of the last. */
  readonly progress: LoadProgress;
  get(signal: AbortSignal): Promise<T>;
}

const NOTHING: LoadProgress = { bytes: 0, totalBytes: 0 };

interface Attempt {
  progressAtMs: number;
  progress: LoadProgress;
  failure: { readonly error: unknown } | undefined;
}

/**
 * Something that loads on the first request. Requests that come meanwhile share the load; its failure is theirs, and the
 * next request tries again.
 *
 * They look at the load from time to time rather than wait for its promise: in workerd a promise made by one request
 * may never settle once that request's client has left.
 */
export function createLazyLoad<T extends object>({
  name,
  load,
  nowMs,
  pause,
  stuckMs,
}: LazyLoadParts<T>): LazyLoad<T> {
  let value: T | undefined;
  let current: Attempt | undefined;

  function begin(): Attempt {
    const attempt: Attempt = { progressAtMs: nowMs(), progress: NOTHING, failure: undefined };
    current = attempt;

    const progress = (bytes?: number, totalBytes?: number) => {
      if (value || current !== attempt) throw new SupersededError(name);
      attempt.progressAtMs = nowMs();
      if (bytes !== undefined && totalBytes !== undefined) attempt.progress = { bytes, totalBytes };
    };
    void run(attempt, progress);
    return attempt;
  }

  async function run(attempt: Attempt, progress: Parameters<typeof load>[0]): Promise<void> {
    try {
      const loaded = await load(progress);
      value ??= loaded;
    } catch (error) {
      attempt.failure = { error };
    }
  }

  /** Joins the load under way, or begins one. */
  function join(): Attempt {
    if (!current || current.failure) return begin();
    return nowMs() - current.progressAtMs > stuckMs ? begin() : current;
  }

  async function get(signal: AbortSignal): Promise<T> {
    let attempt: Attempt | undefined;
    for (;;) {
      signal.throwIfAborted();
      if (value) return value;
      if (attempt === current && attempt?.failure) throw attempt.failure.error;
      attempt = join();
      await pause();
    }
  }

  return {
    get value() {
      return value;
    },
    get state() {
      return value ? 'ready' : current?.failure ? 'failed' : 'loading';
    },
    get progress() {
      return current?.progress ?? NOTHING;
    },
    get,
  };
}
