import * as z from 'zod';
import { listOf, order, pageFields } from './lists.ts';

/** Only files of `batch` are read here; the others are kept. */
const UPLOADED = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data'] as const;

/** POST /v1/files. Source: OpenAI OpenAPI 2.3.0, CreateFileRequest. */
export const FileRequest = z.strictObject({
  file: z.string().meta({ format: 'binary' }),
  purpose: z.enum(UPLOADED),
  expires_after: z
    .strictObject({
      anchor: z.literal('created_at'),
      seconds: z.coerce.number().int().min(3600).max(2_592_000),
    })
    .optional()
    .describe('30 days after it was created when absent and the purpose is batch, never for any other.'),
});

/** Source: OpenAI OpenAPI 2.3.0, OpenAIFile. */
export const FileObject = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: z.int(),
  created_at: z.int().describe('Unix seconds.'),
  expires_at: z.int().optional().describe('Unix seconds; never when absent.'),
  filename: z.string(),
  purpose: z.enum([...UPLOADED, 'batch_output']),
  status: z.literal('processed'),
});
export type FileObject = z.infer<typeof FileObject>;

/** GET /v1/files. */
export const FileListQuery = z.strictObject({
  ...pageFields(10_000, 10_000),
  order,
  purpose: z.string().max(64).optional(),
});
export const FileList = listOf(FileObject);
export type FileList = z.infer<typeof FileList>;

export const FileDeleted = z.object({ id: z.string(), object: z.literal('file'), deleted: z.boolean() });
export type FileDeleted = z.infer<typeof FileDeleted>;
