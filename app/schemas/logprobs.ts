import * as z from 'zod';

const logprob = z
  .number()
  .describe(
    "Natural logarithm of the token's probability in the model's own distribution: before temperature, biases, penalties, cuts and grammars.",
  );

const Token = z.object({
  token: z.string(),
  logprob,
  bytes: z.array(z.int()).nullable().describe('Of a special token null.'),
});

/** Source: OpenAI OpenAPI 2.3.0, CreateChatCompletionResponse and ChatCompletionTokenLogprob. */
export const ChatLogprobs = z.object({
  content: z.array(Token.extend({ top_logprobs: z.array(Token) })),
  refusal: z.null(),
});
export type ChatLogprobs = z.infer<typeof ChatLogprobs>;

/** Source: OpenAI OpenAPI 2.3.0, CreateCompletionResponse. */
export const TextLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(logprob.nullable()).describe("Of a prompt's first token null."),
  top_logprobs: z.array(z.record(z.string(), logprob).nullable()),
  text_offset: z.array(z.int()).describe('Unicode characters.'),
});
export type TextLogprobs = z.infer<typeof TextLogprobs>;

/** Source: OpenAI OpenAPI 2.3.0, LogProb. */
const ResponseToken = Token.extend({ bytes: z.array(z.int()).describe('Of a special token none.') });
export const ResponseLogprobs = z.array(ResponseToken.extend({ top_logprobs: z.array(ResponseToken) }));
export type ResponseLogprobs = z.infer<typeof ResponseLogprobs>;
