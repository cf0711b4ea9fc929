import type { Part, TokenLogprob, Usage } from '../engine/engine.ts';

export interface CollectedCall {
  readonly name: string;
  readonly arguments: string;
}

/** A completion that has come to its end. */
export interface Collected {
  readonly text: string;
  /** When logprobs were asked for. */
  readonly tokens: readonly TokenLogprob[] | undefined;
  readonly calls: readonly CollectedCall[];
  readonly reason: Extract<Part, { type: 'done' }>['reason'];
  readonly usage: Usage;
}

/** All of a completion's parts as one. Throws Error when they end without saying why. */
export async function collect(parts: AsyncIterable<Part>): Promise<Collected> {
  let text = '';
  const calls: { readonly name: string; arguments: string }[] = [];
  const tokens: TokenLogprob[] = [];
  let hasTokens = false;
  for await (const part of parts) {
    switch (part.type) {
      case 'text':
        text += part.text;
        hasTokens ||= part.tokens !== undefined;
        tokens.push(...(part.tokens ?? []));
        break;
      case 'tool_call':
        calls.push({ name: part.name, arguments: '' });
        break;
      case 'tool_arguments':
        calls[part.index]!.arguments += part.text;
        break;
      case 'done': {
        const { reason, usage } = part;
        return { text, tokens: hasTokens ? tokens : undefined, calls, reason, usage };
      }
    }
  }
  throw new Error('the completion ended without a done part');
}
