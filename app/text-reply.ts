import type { Part, Usage } from '../engine/engine.ts';
import type { ReplyHead } from './chat-reply.ts';
import { collect } from './collect.ts';
import { interleave } from './interleave.ts';
import type { TextChunk, TextCompletion } from './schemas/text.ts';
import { toUsage } from './schemas/usage.ts';

/** The completions of one prompt, still in the making. */
export type PromptChoices = readonly AsyncIterable<Part>[];

/** The whole reply at once: the choices of each prompt, prompt by prompt. */
export async function toTextReply(
  head: ReplyHead,
  prompts: readonly PromptChoices[],
): Promise<TextCompletion> {
  const replies = await Promise.all(prompts.map((choices) => Promise.all(choices.map(collect))));
  return {
    ...head,
    object: 'text_completion',
    choices: replies.flat().map(({ text, reason }, index) => ({
      index,
      text,
      logprobs: null,
      finish_reason: reason,
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
  const chunk = (index: number, text: string, finish_reason: Choice['finish_reason'] = null) =>
    event([{ index, text, logprobs: null, finish_reason }]);

  const usages: Usage[] = [];
  for await (const { index, item: part } of interleave(prompts.flat())) {
    if (part.type === 'text') yield chunk(index, part.text);
    else {
      usages[index] = part.usage;
      yield chunk(index, '', part.reason);
    }
  }
  if (includeUsage) yield event([], toUsage(inGroups(usages, prompts[0]!.length)));
}

/** The items of a list in groups of `size`. */
export function inGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: items.length / size }, (_, i) => items.slice(i * size, (i + 1) * size));
}
