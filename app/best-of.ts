import type { Collected } from './collect.ts';

/**
 * The `n` replies whose tokens were likeliest in the mean, the best first.
 *
 * Units   skip: tokens of an echoed prompt, which all have in common
 */
export function bestOf(replies: readonly Collected[], n: number, skip: number): Collected[] {
  const scored = replies.map((reply) => ({ reply, score: meanLogprob(reply, skip) }));
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, n)
    .map(({ reply }) => reply);
}

/** Of the reply's own tokens; a reply without any comes last. */
function meanLogprob({ tokens = [] }: Collected, skip: number): number {
  const own = tokens.slice(skip);
  const sum = own.reduce((sum, { logprob }) => sum + (logprob ?? 0), 0);
  return own.length === 0 ? -Infinity : sum / own.length;
}
