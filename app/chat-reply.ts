import type { Part } from '../engine/engine.ts';
import { collect } from './collect.ts';
import type { ChatChunk, ChatCompletion } from './schemas/chat.ts';
import { toUsage } from './schemas/usage.ts';

/** What every object of one reply carries. */
export interface ReplyHead {
  readonly id: string;
  readonly created: number; // Unix seconds
  readonly model: string;
}

/** The whole reply at once. */
export async function toChatReply(head: ReplyHead, parts: AsyncIterable<Part>): Promise<ChatCompletion> {
  const { text, reason, usage } = await collect(parts);
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: reason,
      },
    ],
    usage: toUsage(usage),
  };
}

/** The reply as it comes: the role, the text, the reason, and the usage when it is asked for. */
export async function* toChatChunks(
  head: ReplyHead,
  parts: AsyncIterable<Part>,
  includeUsage: boolean,
): AsyncGenerator<ChatChunk> {
  type Choice = ChatChunk['choices'][number];
  const chunk = (delta: Choice['delta'], finish_reason: Choice['finish_reason']): ChatChunk => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(includeUsage ? { usage: null } : {}),
  });

  yield chunk({ role: 'assistant', content: '' }, null);
  for await (const part of parts) {
    if (part.type === 'text') yield chunk({ content: part.text }, null);
    else {
      yield chunk({}, part.reason);
      if (includeUsage) yield { ...chunk({}, null), choices: [], usage: toUsage(part.usage) };
    }
  }
}
