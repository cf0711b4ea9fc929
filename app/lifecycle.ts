/** The server is told to end: it takes nothing new, and what took too long was ended. */
export class ShuttingDownError extends Error {
  override readonly name = 'ShuttingDownError';
  readonly code = 'shutting_down';
  readonly retryAfterSeconds = 5; // another, or the next of this one, is there by then

  constructor() {
    super('this server is shutting down; try again in 5 s');
  }
}

/** How far a server is on its way out. */
export interface Lifecycle {
  /** It answers what it has begun, and nothing new. */
  readonly isDraining: boolean;
  /** What is aborted, with a ShuttingDownError, when the server can wait no longer. Returns what to call when it is done. */
  enter(work: AbortController): () => void;
}

export interface LifecycleControl extends Lifecycle {
  drain(): void;
  /** Aborts what is still under way. */
  end(): void;
}

export function createLifecycle(): LifecycleControl {
  const underWay = new Set<AbortController>(); // and no listeners on one signal, which every request would leave behind
  let isDraining = false;
  return {
    get isDraining() {
      return isDraining;
    },
    enter(work) {
      underWay.add(work);
      return () => underWay.delete(work);
    },
    drain() {
      isDraining = true;
    },
    end() {
      for (const work of underWay) work.abort(new ShuttingDownError());
    },
  };
}
