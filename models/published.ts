/**
 * How a store keeps packed models: each version in a folder named by the sha256 of its packed manifest, which names the
 * size and sha256 of every other file, and beside the folders the name of the one that is current.
 *
 *     models/<model>/current.json                { "model": …, "version": <sha256> }
 *     models/<model>/<version>/manifest.json     its sha256 is the version
 *     models/<model>/<version>/weights-1-of-3.safetensors …
 */
import * as z from 'zod';
import { FormatError } from './errors.ts';

export const MAX_CURRENT_BYTES = 4096;

export const versionSchema = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');
const currentSchema = z.strictObject({ model: z.string().min(1), version: versionSchema });

export const currentKey = (model: string): string => `models/${model}/current.json`;
export const publishedKey = (model: string, version: string, file: string): string =>
  `models/${model}/${version}/${file}`;

export const currentText = (model: string, version: string): string =>
  `${JSON.stringify(currentSchema.encode({ model, version }))}\n`;

/** The version that is current. Throws FormatError when `bytes` say no such thing of `model`. */
export function readCurrent(model: string, bytes: Uint8Array): string {
  const fail = (problem: string): never => {
    throw new FormatError(currentKey(model), 0, problem);
  };
  if (bytes.length > MAX_CURRENT_BYTES) fail(`${bytes.length} bytes, limit ${MAX_CURRENT_BYTES}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    fail(`not JSON: ${(error as Error).message}`);
  }
  const { data, error } = currentSchema.safeParse(json);
  if (data === undefined) return fail(z.prettifyError(error!));
  if (data.model !== model) return fail(`is of ${data.model}`);
  return data.version;
}
