import * as z from 'zod';
import { listOf, pageFields } from './lists.ts';
import { metadata } from './metadata.ts';

/** Routes whose requests may come in a batch. */
export const ENDPOINTS = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/embeddings',
] as const;

/** POST /v1/batches. Source: OpenAI OpenAPI 2.3.0, CreateBatchRequest. */
export const BatchRequest = z.strictObject({
  input_file_id: z.string().min(1),
  endpoint: z.enum(ENDPOINTS),
  completion_window: z.literal('24h'),
  metadata: metadata.nullish(),
  output_expires_after: z
    .strictObject({ anchor: z.literal('created_at'), seconds: z.int().min(3600).max(2_592_000) })
    .optional()
    .describe('Of the output and the error file; they stay until deleted when absent.'),
});

/** A line of the input file. Source: OpenAI OpenAPI 2.3.0, BatchRequestInput. */
export const BatchLine = z.strictObject({
  custom_id: z.string().min(1).max(256),
  method: z.literal('POST'),
  url: z.string(),
  body: z.record(z.string(), z.unknown()),
});
export type BatchLine = z.infer<typeof BatchLine>;

const unixSeconds = z.int().optional().describe('Unix seconds.');

/** Source: OpenAI OpenAPI 2.3.0, BatchError. */
export const BatchError = z.object({
  code: z.string(),
  message: z.string(),
  param: z.string().nullable(),
  line: z.int().nullable(),
});
export type BatchError = z.infer<typeof BatchError>;

const BatchUsage = z.object({
  input_tokens: z.int(),
  input_tokens_details: z.object({ cached_tokens: z.int() }),
  output_tokens: z.int(),
  output_tokens_details: z.object({ reasoning_tokens: z.literal(0) }),
  total_tokens: z.int(),
});
export type BatchUsage = z.infer<typeof BatchUsage>;

/** Source: OpenAI OpenAPI 2.3.0, Batch. */
export const Batch = z.object({
  id: z.string(),
  object: z.literal('batch'),
  endpoint: z.enum(ENDPOINTS),
  errors: z.object({ object: z.literal('list'), data: z.array(BatchError) }).optional(),
  input_file_id: z.string(),
  completion_window: z.literal('24h'),
  status: z.enum([
    'validating',
    'failed',
    'in_progress',
    'finalizing',
    'completed',
    'expired',
    'cancelling',
    'cancelled',
  ]),
  output_file_id: z.string().optional(),
  error_file_id: z.string().optional(),
  created_at: z.int().describe('Unix seconds.'),
  in_progress_at: unixSeconds,
  expires_at: z.int().describe('Unix seconds. What is not done by then is not done.'),
  finalizing_at: unixSeconds,
  completed_at: unixSeconds,
  failed_at: unixSeconds,
  expired_at: unixSeconds,
  cancelling_at: unixSeconds,
  cancelled_at: unixSeconds,
  request_counts: z.object({ total: z.int(), completed: z.int(), failed: z.int() }),
  usage: BatchUsage,
  metadata,
});
export type Batch = z.infer<typeof Batch>;

/** GET /v1/batches. */
export const BatchListQuery = z.strictObject(pageFields(20, 100));
export const BatchList = listOf(Batch);
export type BatchList = z.infer<typeof BatchList>;
