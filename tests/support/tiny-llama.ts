/** Reads tests/golden/tiny-llama: random Llamas, one for each weight format, and the logits transformers gave. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface GoldenRows {
  readonly ids: Uint32Array;
  /** Positions of `ids` whose logits are kept. */
  readonly positions: readonly number[];
  /** Logits (positions, vocab). */
  readonly logits: Float32Array;
}

export interface TinyLlama {
  /** The weight format, as `QuantType` names it. */
  readonly name: string;
  readonly path: string;
  readonly tied: boolean;
  /** 24 tokens. */
  readonly short: GoldenRows;
  /** The mean of their last hidden states, after the last norm. */
  readonly meanState: Float32Array;
}

interface GoldenFile {
  readonly vocab: number;
  readonly short: { readonly ids: readonly number[]; readonly positions: readonly number[] };
  readonly long: { readonly ids: string; readonly positions: readonly number[] };
  readonly cases: Record<
    string,
    {
      readonly file: string;
      readonly tied: boolean;
      readonly logits: string;
      readonly meanState: string;
      readonly longLogits?: string;
    }
  >;
}

const FOLDER = new URL('../golden/tiny-llama/', import.meta.url);
const golden: GoldenFile = JSON.parse(readFileSync(new URL('logits.json', FOLDER), 'utf8'));

/** The bytes of a base64 string in memory of their own, so that any typed array may look at them. */
function decode(base64: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(base64, 'base64')).buffer;
}

export const TINY_VOCAB = golden.vocab;

/** The bf16 model once more, as Hugging Face lays a checkpoint out. */
export const TINY_HF_FOLDER = fileURLToPath(new URL('hf/', FOLDER));

export const tinyLlamas: readonly TinyLlama[] = Object.entries(golden.cases).map(
  ([name, { file, tied, logits, meanState }]) => ({
    name,
    path: fileURLToPath(new URL(file, FOLDER)),
    tied,
    short: {
      ids: Uint32Array.from(golden.short.ids),
      positions: golden.short.positions,
      logits: new Float32Array(decode(logits)),
    },
    meanState: new Float32Array(decode(meanState)),
  }),
);

/** One of them by its weight format. */
export function tinyLlama(name: string): TinyLlama {
  const found = tinyLlamas.find((each) => each.name === name);
  if (!found) throw new Error(`no tiny llama of type ${name} in ${FOLDER.pathname}`);
  return found;
}

/** 8,400 tokens through the f32 model, past the 8,192 where Llama 3's RoPE scaling begins to matter. */
export const tinyLong: GoldenRows = {
  ids: Uint32Array.from(new Uint16Array(decode(golden.long.ids))),
  positions: golden.long.positions,
  logits: new Float32Array(decode(golden.cases.f32?.longLogits ?? '')),
};
