import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openFileSource } from '../models/cli/file-source.ts';
import { readGguf } from '../models/gguf/gguf.ts';
import { configFromGguf } from '../models/llama/config.ts';
import { smollm2Path } from '../tests/support/smollm2.ts';
import { makeRandomGguf, type RandomGgufOptions, randomGgufPath } from './make-random-gguf.ts';

/** The models that rows are about, as their names spell them. */
export const MODEL_NAMES = [
  'llama-3.2-1b/q4_0',
  'llama-3.2-1b/q4_k',
  'llama-3.2-1b/q8_0',
  'smollm2-135m/q4_1',
] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

/** Random weights in the 1B's shape. The embedding is in the type that llama.cpp's own files of this kind have. */
const RANDOM: Partial<Record<ModelName, RandomGgufOptions>> = {
  'llama-3.2-1b/q4_0': { type: 'q4_0', embedding: 'q6_k' },
  'llama-3.2-1b/q4_k': { type: 'q4_k', embedding: 'q6_k' },
  'llama-3.2-1b/q8_0': { type: 'q8_0', embedding: 'q8_0' },
};

/** Where a model's file lies. Random ones are written on first use. */
export async function modelFile(name: ModelName): Promise<string> {
  const options = RANDOM[name];
  if (options === undefined) return smollm2Path();
  const path = randomGgufPath(options);
  await makeRandomGguf(path, options);
  return path;
}

/** The folder of a file's packed form, packed anew: the layout may have changed since. */
export async function packedModel(path: string): Promise<string> {
  const out = path.replace(/\.gguf$/, '.packed');
  const cria = fileURLToPath(new URL('../models/cli/cria.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [cria, 'pack', path, '--out', out]);
  return out;
}

export interface ModelBytes {
  /** Of all tensors: what a token streams through, as the embedding is the output head too. */
  readonly weights: number;
  /** Keys and values of one position, in f16. */
  readonly position: number;
}

export async function modelBytes(path: string): Promise<ModelBytes> {
  await using source = await openFileSource(path);
  const { tensors, metadata } = await readGguf(source);
  const { layers, kvHeads, headDim } = configFromGguf(metadata);
  return {
    weights: [...tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    position: layers * 2 * kvHeads * headDim * 2,
  };
}
