import type { Part, Usage } from '../engine/engine.ts';
import { collect } from './collect.ts';
import { interleave } from './interleave.ts';
import { toChatLogprobs } from './logprobs.ts';
import type { ChatChunk, ChatCompletion } from './schemas/chat.ts';
import { toUsage } from './schemas/usage.ts';

/** What every object of one reply carries. */
export interface ReplyHead {
  readonly id: string;
  readonly created: number; // Unix seconds
  readonly model: string;
}

/** The whole reply at once. */
export async function toChatReply(
  head: ReplyHead,
  choices: readonly AsyncIterable<Part>[],
): Promise<ChatCompletion> {
  const replies = await Promise.all(choices.map(collect));
  return {
    ...head,
    object: 'chat.completion',
    choices: replies.map(({ text, tokens, reason }, index) => ({
      index,
      message: { role: 'assistant', content: text, refusal: null },
      logprobs: tokens ? toChatLogprobs(tokens) : null,
      finish_reason: reason,
    })),
    usage: toUsage([replies.map(({ usage }) => usage)]),
  };
}

/** The reply as it comes: of each choice the role, the text and the reason, then the usage when it is asked for. */
export async function* toChatChunks(
  head: ReplyHead,
  choices: readonly AsyncIterable<Part>[],
  includeUsage: boolean,
): AsyncGenerator<ChatChunk> {
  type Choice = ChatChunk['choices'][number];
  const event = (choices: Choice[], usage: ChatChunk['usage'] = null): ChatChunk => ({
    ...head,
    object: 'chat.completion.chunk',
    choices,
    ...(includeUsage ? { usage } : {}),
  });
  const chunk = (index: number, delta: Choice['delta'], more: Partial<Choice> = {}) =>
    event([{ index, delta, logprobs: null, finish_reason: null, ...more }]);

  const usages: Usage[] = [];
  for (const index of choices.keys()) yield chunk(index, { role: 'assistant', content: '' });
  for await (const { index, item: part } of interleave(choices)) {
    if (part.type === 'text') {
      const { text, tokens } = part;
      yield chunk(index, { content: text }, { logprobs: tokens ? toChatLogprobs(tokens) : null });
    } else {
      usages[index] = part.usage;
      yield chunk(index, {}, { finish_reason: part.reason });
    }
  }
  if (includeUsage) yield event([], toUsage([usages]));
}
