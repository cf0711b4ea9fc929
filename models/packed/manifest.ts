/** What a packed model is made of: the facts here, a tokenizer's tables, and weights as a device packs them. */
import * as z from 'zod';
import { QUANT, type QuantType } from '../../kernels/quant/types.ts';
import { FormatError } from '../errors.ts';
import type { LlamaConfig } from '../llama/config.ts';
import type { ByteSource } from '../source.ts';

/** Where a model keeps its packed form, beside its GGUF. */
export const PACKED_FOLDER = 'packed';
export const PACKED_MANIFEST = 'manifest.json';

export const MAX_MANIFEST_BYTES = 4 << 20; // Llama 3.2 1B's has 40 kB
const MAX_SHARDS = 4096; // 1 TiB of full ones

const fileSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a plain file name'),
  size: z.int().positive(), // bytes
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits'),
});

const id = z.int().nonnegative();
const namedIds = z.array(z.tuple([z.string(), id]));

/** All of an IndexedVocabulary but its tables. */
const tokenizerSchema = z.strictObject({
  file: fileSchema, // the tables: see tokenizer.ts
  pre: z.string(),
  bosId: id.optional(),
  eosId: id.optional(),
  addBos: z.boolean().optional(),
  stopIds: z.array(id),
  special: namedIds,
  userDefined: namedIds,
});

const tensorSchema = z.strictObject({
  name: z.string().min(1),
  type: z.enum(Object.keys(QUANT) as [QuantType, ...QuantType[]]),
  shape: z.array(z.int().positive()).min(1).max(2), // a vector's length, or a matrix's rows and columns
});

const configFields: Record<keyof LlamaConfig, z.ZodNumber> = {
  layers: z.number(),
  dim: z.number(),
  heads: z.number(),
  kvHeads: z.number(),
  headDim: z.number(),
  ffnDim: z.number(),
  normEps: z.number(),
  ropeTheta: z.number(),
  contextLength: z.number(),
};

const packedSchema = z
  .strictObject({
    layout: z.string().min(1), // `Device.layout` of the device that packed
    from: fileSchema, // the GGUF file
    config: z.strictObject(configFields),
    chatTemplate: z.string().optional(),
    tokenizer: tokenizerSchema,
    tensors: z.array(tensorSchema),
    shards: z.array(fileSchema).min(1).max(MAX_SHARDS), // safetensors, see shards.ts
  })
  .refine(
    ({ tokenizer, shards }) =>
      distinct([PACKED_MANIFEST, ...[tokenizer.file, ...shards].map(({ name }) => name.toLowerCase())]),
    'two files have one name',
  )
  .refine(({ tensors }) => distinct(tensors.map(({ name }) => name)), 'two tensors have one name');

const distinct = (names: readonly string[]): boolean => new Set(names).size === names.length;

export type PackedManifest = z.infer<typeof packedSchema>;
export type PackedFile = z.infer<typeof fileSchema>;
export type PackedTensor = z.infer<typeof tensorSchema>;
export type PackedTokenizer = z.infer<typeof tokenizerSchema>;

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
