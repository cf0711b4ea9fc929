import * as z from 'zod';

/** Every refusal: OpenAI's `error`, and Llama Stack's three fields beside it. */
export const ErrorBody = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
  status: z.int(),
  title: z.string(),
  detail: z.string(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
