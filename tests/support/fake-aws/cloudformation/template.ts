import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { validationError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';

/** Intrinsic functions stand anywhere in it, and are looked at later. */
const json = z.custom<Json>();
const object = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null);
const strings = z.union([z.string(), z.array(z.string())]);

const resource = z.strictObject({
  Type: z.string(),
  Properties: object.optional(),
  DependsOn: strings.optional(),
  Condition: z.string().optional(),
  DeletionPolicy: z.enum(['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot']).optional(),
  UpdateReplacePolicy: z.enum(['Delete', 'Retain', 'Snapshot']).optional(),
  CreationPolicy: object.optional(),
  UpdatePolicy: object.optional(),
  Metadata: object.optional(),
});

const parameter = z.strictObject({
  Type: z.string(),
  Default: z.union([z.string(), z.number()]).optional(),
  Description: z.string().max(4000).optional(),
  AllowedValues: z.array(z.union([z.string(), z.number()])).optional(),
  AllowedPattern: z.string().optional(),
  ConstraintDescription: z.string().optional(),
  MinLength: z.number().optional(),
  MaxLength: z.number().optional(),
  MinValue: z.number().optional(),
  MaxValue: z.number().optional(),
  NoEcho: z.union([z.boolean(), z.string()]).optional(),
});

const output = z.strictObject({
  Value: json,
  Description: z.string().max(1024).optional(),
  Export: z.strictObject({ Name: json }).optional(),
  Condition: z.string().optional(),
});

const template = z.strictObject({
  AWSTemplateFormatVersion: z.literal('2010-09-09').optional(),
  Description: z.string().max(1024).optional(),
  Metadata: object.optional(),
  Parameters: z.record(z.string(), parameter).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), object)).default({}),
  Conditions: z.record(z.string(), json).default({}),
  Rules: z
    .record(
      z.string(),
      z.strictObject({
        RuleCondition: json.optional(),
        Assertions: z.array(z.strictObject({ Assert: json, AssertDescription: z.string().optional() })),
      }),
    )
    .default({}),
  Resources: z.record(z.string(), resource),
  Outputs: z.record(z.string(), output).default({}),
});

export type Template = z.infer<typeof template>;
export type TemplateResource = z.infer<typeof resource>;
export type TemplateParameter = z.infer<typeof parameter>;

export const MAX_TEMPLATE_BYTES = 1_000_000; // one that comes from S3

/**
 * Reads JSON, or the YAML of the CLI's own bootstrap template, whose functions are spelt out.
 *
 * Throws   AwsError with the path in the template
 */
export function parseTemplate(text: string): Template {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_TEMPLATE_BYTES)
    throw validationError(`Template may not exceed ${MAX_TEMPLATE_BYTES} bytes in size; it has ${bytes}`);
  const { success, data, error } = template.safeParse(parseYaml(text));
  if (success) return data;
  const [issue] = error.issues;
  throw validationError(`Template format error: ${issue!.path.join('.')}: ${issue!.message}`);
}
