import { BrokenStreamError, RefusedError } from './errors.ts';

/** What went wrong, in words for the person at the keyboard. */
export interface Problem {
  readonly title: string;
  readonly detail: string;
  readonly retryAfterSeconds: number; // 0: at once
}

const TOO_LONG: ReadonlySet<string> = new Set([
  'context_length_exceeded',
  'text_too_long',
  'request_too_large',
]);

/** Words an error about a message or a text. Whatever is not the server's word counts as a lost connection. */
export function describeProblem(error: unknown, about: 'message' | 'text' = 'message'): Problem {
  if (error instanceof BrokenStreamError)
    return { title: 'The reply broke off.', detail: sentence(error.message), retryAfterSeconds: 0 };

  if (error instanceof RefusedError) {
    const retryAfterSeconds = error.retryAfterSeconds ?? 0;
    return { title: refusal(error, about), detail: sentence(error.message), retryAfterSeconds };
  }

  return {
    title: 'The server cannot be reached.',
    detail: `Check that it is still running, then try again. Your ${about} is kept.`,
    retryAfterSeconds: 0,
  };
}

function refusal({ status, code }: RefusedError, about: 'message' | 'text'): string {
  if (code === 'context_length_exceeded' && about === 'message') return 'This chat has outgrown the model.';
  if (TOO_LONG.has(code) || status === 413) return `This ${about} is too long.`;
  if (code === 'origin_not_allowed') return 'The server does not answer this page.';
  if (code === 'content_filter') return 'The guard does not let this pass.';
  if (status === 401) return 'The server asks for a key.';
  if (status === 403) return 'This key may not do that.';
  if (code === 'model_not_found') return 'That model is not served here.';
  if (status === 404) return 'The server does not have that.';
  if (status === 429) return code === 'model_busy' ? 'The model is busy.' : 'That is all for the moment.';
  if (status === 503) return 'The model is not ready yet.';
  if (status < 500) return 'The server did not accept this.';
  return 'The server stumbled.';
}

function sentence(message: string): string {
  const trimmed = message.trim();
  const upper = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(upper) ? upper : `${upper}.`;
}
