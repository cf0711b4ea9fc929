import * as z from 'zod';

const MAX_KEYS = 16; // OpenAI's limits, these and the lengths

/** Facts of the client's own, kept beside an object. */
export const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= MAX_KEYS, { error: `has more than ${MAX_KEYS} keys` });
