import * as z from 'zod';
import type { Format } from '../../engine/engine.ts';

const MAX_NAME = 64; // OpenAI's

/**
 * What a reply has to be. `strict` changes nothing: a reply always keeps to the schema.
 *
 * Source   OpenAI OpenAPI 2.3.0, ResponseFormatText, ResponseFormatJsonObject, ResponseFormatJsonSchema
 */
export const ResponseFormat = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('text') }),
    z.strictObject({ type: z.literal('json_object') }),
    z.strictObject({
      type: z.literal('json_schema'),
      json_schema: z.strictObject({
        name: z
          .string()
          .regex(/^[a-zA-Z0-9_-]+$/)
          .max(MAX_NAME),
        description: z.string().nullish(),
        schema: z
          .record(z.string(), z.unknown())
          .optional()
          .describe('A JSON schema, of the keywords in docs/structured-output.md. Absent: any object.'),
        strict: z.boolean().nullish().describe('The reply keeps to the schema in any case.'),
      }),
    }),
  ],
  {
    error: ({ code }) => (code === 'invalid_union' ? 'must be text, json_object or json_schema' : undefined),
  },
);

/** The format, in the engine's words; undefined for text. */
export function toFormat(format: z.infer<typeof ResponseFormat> | null | undefined): Format | undefined {
  if (!format || format.type === 'text') return undefined;
  const schema = format.type === 'json_schema' ? format.json_schema.schema : undefined;
  return schema ? { type: 'json_schema', schema } : { type: 'json' };
}
