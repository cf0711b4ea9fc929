import type { Part } from '../engine/engine.ts';
import type { ReplyHead } from './chat-reply.ts';
import { collect } from './collect.ts';
import type { TextChunk, TextCompletion } from './schemas/text.ts';
import { toUsage } from './schemas/usage.ts';

/** The whole reply at once. */
export async function toTextReply(head: ReplyHead, parts: AsyncIterable<Part>): Promise<TextCompletion> {
  const { text, reason, usage } = await collect(parts);
  return {
    ...head,
    object: 'text_completion',
    choices: [{ index: 0, text, logprobs: null, finish_reason: reason }],
    usage: toUsage(usage),
  };
}

/** The reply as it comes: the text, the reason, and the usage when it is asked for. */
export async function* toTextChunks(
  head: ReplyHead,
  parts: AsyncIterable<Part>,
  includeUsage: boolean,
): AsyncGenerator<TextChunk> {
  const chunk = (text: string, finish_reason: 'stop' | 'length' | null): TextChunk => ({
    ...head,
    object: 'text_completion',
    choices: [{ index: 0, text, logprobs: null, finish_reason }],
    ...(includeUsage ? { usage: null } : {}),
  });

  for await (const part of parts) {
    if (part.type === 'text') yield chunk(part.text, null);
    else {
      yield chunk('', part.reason);
      if (includeUsage) yield { ...chunk('', null), choices: [], usage: toUsage(part.usage) };
    }
  }
}
