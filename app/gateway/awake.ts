import { ModelStartingError } from './errors.ts';
import type { Peer } from './peer.ts';

export interface AwakeOptions {
  readonly signal: AbortSignal; // of the client
  readonly nowMs: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** When to give up. */
  readonly untilMs: number;
  /** As the client names it. */
  readonly model: string;
}

const LOOK_MS = 2_000;

/** Starts a backend that sleeps, and waits until it can be asked. Throws ModelStartingError when that takes too long. */
export async function awake(
  peer: Peer,
  { signal, nowMs, pause, untilMs, model }: AwakeOptions,
): Promise<void> {
  while (peer.condition() === 'asleep') {
    await peer.start();
    if (nowMs() + LOOK_MS > untilMs) throw new ModelStartingError(model);
    await pause(LOOK_MS, signal);
    await peer.probe();
  }
}
