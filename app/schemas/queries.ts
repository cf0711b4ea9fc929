import * as z from 'zod';

/** Of routes that are asked nothing after `?`: OpenAI's `include` would add nothing that is left out here. */
export const NoQuery = z.strictObject({});

/** GET /v1/responses/{id}. */
export const ResponseQuery = z.strictObject({
  stream: z.literal('false', { error: 'only false is supported: a stream is not taken up again' }).optional(),
});
