import type { Part, TokenLogprob, Usage } from '../engine/engine.ts';

/** A completion that has come to its end. */
export interface Collected {
  readonly text: string;
  /** When logprobs were asked for. */
  readonly tokens: readonly TokenLogprob[] | undefined;
  readonly reason: 'stop' | 'length';
  readonly usage: Usage;
}

/** All of a completion's parts as one. Throws Error when they end without saying why. */
export async function collect(parts: AsyncIterable<Part>): Promise<Collected> {
  let text = '';
  const tokens: TokenLogprob[] = [];
  let hasTokens = false;
  for await (const part of parts) {
    if (part.type === 'done') {
      return { text, tokens: hasTokens ? tokens : undefined, reason: part.reason, usage: part.usage };
    }
    text += part.text;
    hasTokens ||= part.tokens !== undefined;
    tokens.push(...(part.tokens ?? []));
  }
  throw new Error('the completion ended without a done part');
}
