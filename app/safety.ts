import type { Guard, GuardPolicy } from '../engine/guard/guard.ts';

/** The guard of a server, and when it objects. */
export interface Safety {
  readonly guard: Guard;
  readonly policy: GuardPolicy;
  /** What of chats, completions and responses is judged. */
  readonly path: 'off' | 'input' | 'output' | 'both';
  /** What a client is told in place of what was found unsafe. */
  readonly refusal: string;
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
