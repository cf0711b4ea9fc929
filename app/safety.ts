import type { Guard, Judging } from '../engine/guard/guard.ts';
import type { RouteGuard } from './access/guard-policy.ts';

/** The guard of a server, and when it objects. */
export interface Safety extends Judging {
  readonly guard: Guard;
  /** A key may ask for more than this, and never for less. */
  readonly enforced?: boolean;
  /** What is otherwise on some routes, by their paths. */
  readonly routes?: Readonly<Record<string, RouteGuard>>;
}

/** Llama Stack's sentence. */
export const REFUSAL = "I can't answer that. Can I help with something else?";

export class NoGuardError extends Error {
  override readonly name = 'NoGuardError';
  readonly code = 'no_guard';

  constructor() {
    super('this server has no guard model: its operator may name one in CRIA_GUARD');
  }
}

/** Throws NoGuardError */
export function requireSafety(safety: Safety | undefined): Safety {
  if (safety === undefined) throw new NoGuardError();
  return safety;
}
