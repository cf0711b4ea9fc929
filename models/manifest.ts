/** What Cria knows of a model before it has one byte of it: where to get it, what it weighs, what it may be used for. */
import * as z from 'zod';
import { FormatError } from './errors.ts';
import { TEMPLATES } from './prompts/template-name.ts';
import { TOOL_FORMATS } from './prompts/tool-format.ts';

/** A name that is safe as one part of a path. */
const pathPart = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a plain file name');

const hubSchema = z.strictObject({
  type: z.literal('hub'),
  repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be owner/name'),
  revision: z.string().min(1), // a branch, a tag, or best a commit
  file: z.string().min(1), // path in the repository
});

const pypiSchema = z.strictObject({
  type: z.literal('pypi'),
  package: z.string().min(1),
  version: z.string().min(1),
  path: z.string().min(1), // path in the wheel
});

const sourceSchema = z.discriminatedUnion('type', [hubSchema, pypiSchema]);

const fileSchema = z.strictObject({
  name: pathPart,
  size: z.int().positive().optional(), // bytes; like sha256, left out where nobody has checked it
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
    .optional(),
  sources: z.array(sourceSchema).min(1), // in the order to try
});

const manifestSchema = z.strictObject({
  id: z.string().min(1), // as requests name it
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, 'must be lower-case and safe in a path'), // its folder
  aliases: z.array(z.string().min(1)),
  architecture: z.enum(['llama', 'mllama']),
  parameters: z.int().positive(),
  quantisation: z.string().min(1), // as GGML names the file type
  context: z.int().positive(), // tokens
  template: z.enum(TEMPLATES),
  toolFormat: z.enum(TOOL_FORMATS).optional(), // by default, the usual one of its template
  /** A prompt, and the token that is among the likeliest after it; like sha256, left out where nobody has checked it. */
  check: z.strictObject({ prompt: z.string().min(1), answer: z.string().min(1) }).optional(),
  gated: z.boolean(), // the hub wants a token from an account that accepted the licence
  licence: z.strictObject({ name: z.string().min(1), url: z.url(), notice: z.string().min(1).optional() }),
  files: z.array(fileSchema).min(1),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ModelFile = Manifest['files'][number];
export type ModelSource = z.infer<typeof sourceSchema>;

/** Checks a catalogue entry. Throws FormatError, naming each field that is wrong. */
export function parseManifest(json: unknown): Manifest {
  const { data, error } = manifestSchema.safeParse(json);
  if (error !== undefined) throw new FormatError('manifest', 0, z.prettifyError(error));
  return data;
}
