/** What a packed model is made of: a GGUF's header, and its weights as a device packs them, in safetensors. */
import * as z from 'zod';
import { FormatError } from '../errors.ts';
import type { ByteSource } from '../source.ts';

/** Where a model keeps its packed form, beside its GGUF. */
export const PACKED_FOLDER = 'packed';
export const PACKED_MANIFEST = 'manifest.json';

const MAX_MANIFEST_BYTES = 1 << 20;
const MAX_SHARDS = 4096; // 1 TiB of full ones

const fileSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a plain file name'),
  size: z.int().positive(), // bytes
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits'),
});

const packedSchema = z
  .strictObject({
    layout: z.string().min(1), // `Device.layout` of the device that packed
    from: fileSchema, // the GGUF file
    header: fileSchema, // its first bytes: metadata, tokenizer, the tensors' types and shapes
    shards: z.array(fileSchema).min(1).max(MAX_SHARDS), // safetensors, see shards.ts
  })
  .refine(
    ({ header, shards }) =>
      new Set([header, ...shards].map(({ name }) => name.toLowerCase())).size === shards.length + 1,
    'two files have one name',
  );

export type PackedManifest = z.infer<typeof packedSchema>;
export type PackedFile = z.infer<typeof fileSchema>;

/** Reads and checks a packed model's manifest. Throws FormatError, naming each field that is wrong. */
export async function readPackedManifest(source: ByteSource): Promise<PackedManifest> {
  const fail = (problem: string): never => {
    throw new FormatError(source.name, 0, problem);
  };
  if (source.size > MAX_MANIFEST_BYTES) fail(`${source.size} bytes, limit ${MAX_MANIFEST_BYTES}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
  } catch (error) {
    fail(`not JSON: ${(error as Error).message}`);
  }
  const { data, error } = packedSchema.safeParse(json);
  return data ?? fail(z.prettifyError(error!));
}
