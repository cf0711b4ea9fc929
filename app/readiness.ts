import type { LoadProgress } from '../engine/engine.ts';
import type { Deps } from './deps.ts';

export interface Readiness {
  /** The worst of all that an answer needs. */
  readonly state: 'loading' | 'ready' | 'draining' | 'failed';
  /** Of the model, and of a guard that has to judge. */
  readonly load: LoadProgress;
  readonly guard: 'loading' | 'ready' | 'failed' | undefined;
}

type ReadinessDeps = Pick<Deps, 'engine' | 'safety' | 'lifecycle'>;

/** Whether this server can answer. A guard that is only asked by itself may load later; one that judges what passes may not. */
export function readinessOf({ engine, safety, lifecycle }: ReadinessDeps): Readiness {
  const { state, load } = engine.stats();
  const guard = safety && safety.path !== 'off' ? safety.guard : undefined;
  const states = guard ? [state, guard.state] : [state];
  const worst = (['failed', 'loading'] as const).find((one) => states.includes(one)) ?? 'ready';
  return {
    state: lifecycle?.isDraining ? 'draining' : worst,
    load: guard ? sum(load, guard.load) : load,
    guard: safety?.guard.state,
  };
}

/** Loads what is not loaded yet, and an answer needs. Throws what loading throws. */
export async function prepare({ engine, safety }: ReadinessDeps, signal: AbortSignal): Promise<void> {
  await engine.prepare(signal);
  if (safety && safety.path !== 'off') await safety.guard.prepare(signal);
}

const sum = (a: LoadProgress, b: LoadProgress): LoadProgress => ({
  bytes: a.bytes + b.bytes,
  totalBytes: a.totalBytes + b.totalBytes,
});
