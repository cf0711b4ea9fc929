import * as z from 'zod';
import type { Prompt } from '../../engine/engine.ts';
import { absent, emptyList } from './neutral.ts';

const TextPart = z.strictObject({
  type: z.literal('text', {
    error: ({ input }) => `parts of type ${JSON.stringify(input)} are not supported; only "text" parts are`,
  }),
  text: z.string(),
});

const Content = z.union([z.string(), z.array(TextPart).min(1)]);
const name = z.string().nullish();

/** A turn of the conversation, as OpenAI writes it. `developer` is `system` to a Llama. */
export const Message = z.discriminatedUnion(
  'role',
  [
    z.strictObject({ role: z.literal('system'), content: Content, name }),
    z.strictObject({ role: z.literal('developer'), content: Content, name }),
    z.strictObject({ role: z.literal('user'), content: Content, name }),
    z.strictObject({
      role: z.literal('assistant'),
      content: Content,
      name,
      refusal: absent(), // our own reply, sent back, carries a null here
      annotations: emptyList().nullish(),
      audio: absent(),
      tool_calls: emptyList().nullish(),
      function_call: absent(),
    }),
    z.strictObject({ role: z.literal('tool'), content: Content, tool_call_id: z.string() }),
  ],
  {
    error: ({ code }) =>
      code === 'invalid_union' ? 'must be system, developer, user, assistant or tool' : undefined,
  },
);

type PromptMessages = Extract<Prompt, { type: 'chat' }>['messages'];

/** The conversation as the engine wants it: text parts of a message are joined by a newline. */
export function toPromptMessages(messages: readonly z.infer<typeof Message>[]): PromptMessages {
  return messages.map(({ role, content }) => ({
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join('\n'),
  }));
}
