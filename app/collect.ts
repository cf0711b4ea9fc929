import type { Part, Usage } from '../engine/engine.ts';

/** A completion that has come to its end. */
export interface Collected {
  readonly text: string;
  readonly reason: 'stop' | 'length';
  readonly usage: Usage;
}

/** All of a completion's parts as one. Throws Error when they end without saying why. */
export async function collect(parts: AsyncIterable<Part>): Promise<Collected> {
  let text = '';
  for await (const part of parts) {
    if (part.type === 'done') return { text, reason: part.reason, usage: part.usage };
    text += part.text;
  }
  throw new Error('the completion ended without a done part');
}
