import * as z from 'zod';
import type { Format } from '../../engine/engine.ts';

const MAX_NAME = 64; // OpenAI's

/** A schema, and what it is called. */
const named = {
  name: z
    .string()
    .regex(/^[a-zA-Z0-9_-]+$/)
    .max(MAX_NAME),
  description: z.string().nullish(),
  strict: z.boolean().nullish().describe('The reply keeps to the schema in any case.'),
};
const schema = z.record(z.string(), z.unknown());
const KEYWORDS = 'A JSON schema, of the keywords in docs/structured-output.md.';

const error = ({ code }: { readonly code: string }) =>
  code === 'invalid_union' ? 'must be text, json_object or json_schema' : undefined;

const Text = z.strictObject({ type: z.literal('text') });
const JsonObject = z.strictObject({ type: z.literal('json_object') });

/**
 * What a reply has to be. `strict` changes nothing: a reply always keeps to the schema.
 *
 * Source   OpenAI OpenAPI 2.3.0, ResponseFormatText, ResponseFormatJsonObject, ResponseFormatJsonSchema
 */
export const ResponseFormat = z.discriminatedUnion(
  'type',
  [
    Text,
    JsonObject,
    z.strictObject({
      type: z.literal('json_schema'),
      json_schema: z.strictObject({
        ...named,
        schema: schema.optional().describe(`${KEYWORDS} Absent: any object.`),
      }),
    }),
  ],
  { error },
);

/** The same, as /v1/responses has it. Source: OpenAI OpenAPI 2.3.0, TextResponseFormatConfiguration. */
export const TextFormat = z.discriminatedUnion(
  'type',
  [
    Text,
    JsonObject,
    z.strictObject({ type: z.literal('json_schema'), ...named, schema: schema.describe(KEYWORDS) }),
  ],
  { error },
);
export type TextFormat = z.infer<typeof TextFormat>;

/** The format, in the engine's words; undefined for text. */
export function toFormat(
  format: z.infer<typeof ResponseFormat> | TextFormat | null | undefined,
): Format | undefined {
  if (!format || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json' };
  const { schema } = 'json_schema' in format ? format.json_schema : format;
  return schema ? { type: 'json_schema', schema } : { type: 'json' };
}
