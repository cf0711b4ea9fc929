import * as z from 'zod';
import type { Prompt } from '../../engine/engine.ts';
import { absent, emptyList } from './neutral.ts';
import { FunctionName, FunctionType, MAX_TOOLS } from './tools.ts';

export const TextPart = z.strictObject({
  type: z.literal('text', {
    error: ({ input }) => `parts of type ${JSON.stringify(input)} are not supported; only "text" parts are`,
  }),
  text: z.string(),
});

const Content = z.union([z.string(), z.array(TextPart).min(1)]);
const name = z.string().nullish();

/** A call the assistant has made. Source: OpenAI OpenAPI 2.3.0, ChatCompletionMessageToolCall. */
export const ToolCall = z.strictObject({
  id: z.string().min(1).max(256),
  type: FunctionType,
  function: z.strictObject({
    name: FunctionName,
    arguments: z.string().describe('JSON; what is none is shown to the model as it is.'),
  }),
});

/** A turn of the conversation, as OpenAI writes it. `developer` is `system` to a Llama. */
export const Message = z.discriminatedUnion(
  'role',
  [
    z.strictObject({ role: z.literal('system'), content: Content, name }),
    z.strictObject({ role: z.literal('developer'), content: Content, name }),
    z.strictObject({ role: z.literal('user'), content: Content, name }),
    z.strictObject({
      role: z.literal('assistant'),
      content: Content.nullish().describe('Required without tool_calls.'),
      name,
      refusal: absent(), // our own reply, sent back, carries a null here
      annotations: emptyList().nullish(),
      audio: absent(),
      tool_calls: z.array(ToolCall).max(MAX_TOOLS).nullish(),
      function_call: absent(),
    }),
    z.strictObject({
      role: z.literal('tool'),
      content: Content,
      tool_call_id: z.string(),
      name, // LangChain's: the function that was called
    }),
  ],
  {
    error: ({ code }) =>
      code === 'invalid_union' ? 'must be system, developer, user, assistant or tool' : undefined,
  },
);
export type Message = z.infer<typeof Message>;

/** Adds an issue for an assistant who says and calls nothing, and for a result of a call that was not made before. */
export function checkMessages(messages: readonly Message[], context: z.RefinementCtx): void {
  const made = new Set<string>();
  for (const [i, message] of messages.entries()) {
    const refuse = (field: string, text: string) =>
      context.addIssue({ code: 'custom', path: ['messages', i, field], message: text });

    if (message.role === 'assistant') {
      const calls = message.tool_calls ?? [];
      for (const { id } of calls) made.add(id);
      if (message.content == null && calls.length === 0)
        refuse('content', 'must be a string or a list of parts, unless there are tool_calls');
    } else if (message.role === 'tool' && !made.has(message.tool_call_id)) {
      refuse('tool_call_id', `'${message.tool_call_id}' is not the id of a call in an earlier message`);
    }
  }
}

type PromptMessages = Extract<Prompt, { type: 'chat' }>['messages'];

/** The conversation as the engine wants it: text parts of a message are joined by a newline. */
export function toPromptMessages(messages: readonly Message[]): PromptMessages {
  return messages.map((message) => {
    const { role, content } = message;
    const calls = (role === 'assistant' && message.tool_calls) || [];
    return {
      role: role === 'developer' ? 'system' : role,
      content: typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join('\n'),
      ...(calls.length > 0 && {
        toolCalls: calls.map(({ id, function: called }) => ({ id, ...called })),
      }),
    };
  });
}
