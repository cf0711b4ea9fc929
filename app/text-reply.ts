import type { Part, Usage } from '../engine/engine.ts';
import { bestOf } from './best-of.ts';
import type { ReplyHead } from './chat-reply.ts';
import { type Collected, collect } from './collect.ts';
import { interleave } from './interleave.ts';
import { toTextLogprobs } from './logprobs.ts';
import type { TextChunk, TextCompletion } from './schemas/text.ts';
import { type FinishReason, toUsage } from './schemas/usage.ts';

/** The completions of one prompt, still in the making. */
export type PromptChoices = readonly AsyncIterable<Part>[];

export interface TextReplyOptions {
  /** Choices to give of each prompt's, when it has more: the best. */
  readonly n: number;
  readonly echo: boolean;
  /** Whether logprobs are told. */
  readonly logprobs: boolean;
}

/** The whole reply at once: the choices of each prompt, prompt by prompt. */
export async function toTextReply(
  head: ReplyHead,
  prompts: readonly PromptChoices[],
  { n, echo, logprobs }: TextReplyOptions,
): Promise<TextCompletion> {
  const replies = await Promise.all(prompts.map((choices) => Promise.all(choices.map(collect))));
  const chosen = replies.flatMap((all) => {
    const skip = echo ? all[0]!.usage.promptTokens : 0;
    return all.length > n ? bestOf(all, n, skip) : all;
  });
  return {
    ...head,
    object: 'text_completion',
    choices: chosen.map(({ text, tokens, reason }, index) => ({
      index,
      text,
      logprobs: logprobs ? toTextLogprobs(tokens ?? []) : null,
      finish_reason: withoutCalls(reason),
    })),
    usage: toUsage(replies.map((choices) => choices.map(({ usage }) => usage))),
  };
}

/** The reply as it comes: of each choice the text and the reason, then the usage when it is asked for. */
export async function* toTextChunks(
  head: ReplyHead,
  prompts: readonly PromptChoices[],
  includeUsage: boolean,
): AsyncGenerator<TextChunk> {
  type Choice = TextChunk['choices'][number];
  const event = (choices: Choice[], usage: TextChunk['usage'] = null): TextChunk => ({
    ...head,
    object: 'text_completion',
    choices,
    ...(includeUsage ? { usage } : {}),
  });
  const chunk = (index: number, text: string, more: Partial<Choice> = {}) =>
    event([{ index, text, logprobs: null, finish_reason: null, ...more }]);

  const usages: Usage[] = [];
  for await (const { index, item: part } of interleave(prompts.flat())) {
    if (part.type === 'text') {
      const { text, tokens } = part;
      yield chunk(index, text, { logprobs: tokens ? toTextLogprobs(tokens) : null });
    } else if (part.type === 'done') {
      usages[index] = part.usage;
      yield chunk(index, '', { finish_reason: withoutCalls(part.reason) });
    }
  }
  if (includeUsage) yield event([], toUsage(inGroups(usages, prompts[0]!.length)));
}

/** Throws Error for the reason of a chat that has tools: text has none. */
function withoutCalls(reason: Collected['reason']): FinishReason {
  if (reason === 'tool_calls') throw new Error('a completion of text has called a tool');
  return reason;
}

/** The items of a list in groups of `size`. */
export function inGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: items.length / size }, (_, i) => items.slice(i * size, (i + 1) * size));
}
