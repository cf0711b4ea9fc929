import * as z from 'zod';

/** Source: Llama Stack 0.7.1, HealthInfo; the fields after `status` are ours. */
export const Health = z.object({
  status: z.enum(['OK', 'Error']),
  state: z.enum(['loading', 'ready', 'draining', 'failed']).describe('Draining: it ends what it has begun.'),
  runtime: z.string().describe('What runs the server: workerd, node, lambda.'),
  backend: z.string().describe('What runs the model: wasm.'),
  running: z.int().describe('Requests being answered.'),
  waiting: z.int().describe('Requests in the queue.'),
  load: z
    .object({ bytes: z.int(), total_bytes: z.int() })
    .describe('Weights read, of those to read. 0 of 0 until loading begins.'),
  guard: z.enum(['loading', 'ready', 'failed']).optional().describe('Where there is one.'),
});
export type Health = z.infer<typeof Health>;

/** Source: Llama Stack 0.7.1, VersionInfo. */
export const Version = z.object({ version: z.string() });
export type Version = z.infer<typeof Version>;
