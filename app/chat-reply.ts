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
  newId: () => string,
): Promise<ChatCompletion> {
  const replies = await Promise.all(choices.map(collect));
  return {
    ...head,
    object: 'chat.completion',
    choices: replies.map(({ text, tokens, calls, reason }, index) => ({
      index,
      message: {
        role: 'assistant',
        content: text === '' && calls.length > 0 ? null : text,
        refusal: null,
        ...(calls.length > 0 && {
          tool_calls: calls.map((call) => ({ id: callId(newId), type: 'function', function: call })),
        }),
      },
      logprobs: tokens ? toChatLogprobs(tokens) : null,
      finish_reason: reason,
    })),
    usage: toUsage([replies.map(({ usage }) => usage)]),
  };
}

const callId = (newId: () => string) => `call_${newId()}`;

/** The reply as it comes: of each choice the role, the text, the calls and the reason, then the usage when it is asked for. */
export async function* toChatChunks(
  head: ReplyHead,
  choices: readonly AsyncIterable<Part>[],
  includeUsage: boolean,
  newId: () => string,
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
    if (part.type === 'done') {
      usages[index] = part.usage;
      yield chunk(index, {}, { finish_reason: part.reason });
    } else if (part.type === 'text') {
      const { text, tokens } = part;
      yield chunk(index, { content: text }, { logprobs: tokens ? toChatLogprobs(tokens) : null });
    } else {
      yield chunk(index, { tool_calls: [toCallDelta(part, newId)] });
    }
  }
  if (includeUsage) yield event([], toUsage([usages]));
}

type CallPart = Extract<Part, { type: 'tool_call' | 'tool_arguments' }>;

function toCallDelta(part: CallPart, newId: () => string) {
  const { index } = part;
  return part.type === 'tool_call'
    ? {
        index,
        id: callId(newId),
        type: 'function' as const,
        function: { name: part.name, arguments: '' },
      }
    : { index, function: { arguments: part.text } };
}
