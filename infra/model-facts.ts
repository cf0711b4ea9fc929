/** What a model's size in memory follows from, beside what the catalogue says: known before there is a byte of it. */
import { findModel } from '../models/catalogue.ts';
import { UnlistedModelError } from '../models/errors.ts';
import type { Manifest } from '../models/manifest.ts';

/** The shape of what is kept of each position. */
export interface KvShape {
  readonly layers: number; // that attend to the text
  readonly kvHeads: number;
  readonly headDim: number;
}

export interface ModelFacts {
  readonly id: string; // as requests name it
  readonly name: string; // of the catalogue, or of the hub's repository
  /** Of the catalogue; a model of the hub that only SGLang serves has none. */
  readonly manifest: Manifest | undefined;
  readonly context: number; // tokens it was trained for
  readonly licence: string;
  readonly quantisation: string;
  readonly weightBytes: number;
  /** The catalogue knows no size of the file: computed from the parameters. */
  readonly isEstimate: boolean;
  readonly kv: KvShape;
  /** What one request's images add to that: cross-attention over 4 tiles. */
  readonly imageBytes: number;
}

/** By parameters, as manifests state them. Source: the config.json of each repository on the hub. */
const KV_SHAPES: Readonly<Record<number, KvShape>> = {
  134515008: { layers: 30, kvHeads: 3, headDim: 64 }, // SmolLM2 135M
  1235814400: { layers: 16, kvHeads: 8, headDim: 64 }, // Llama 3.2 1B, Llama Guard 3 1B
  3212749824: { layers: 28, kvHeads: 8, headDim: 128 }, // Llama 3.2 3B
};

/** Bits a weight of whole files, embeddings included. Source: the sizes of the catalogue's 1B and 135M files. */
const BITS: Readonly<Record<string, number>> = { Q4_0: 5.01, Q4_1: 5.85, Q4_K_M: 5.23, Q8_0: 8.56 };

interface VisionModel {
  readonly id: string;
  readonly parameters: number;
  readonly kv: KvShape;
  readonly crossLayers: number;
}

/** Source: model cards and config.json; mllama keeps keys and values of 4 · 1601 image positions a cross layer. */
const VISION: readonly VisionModel[] = [
  {
    id: 'meta-llama/Llama-3.2-11B-Vision-Instruct',
    parameters: 10_670_220_835,
    kv: { layers: 32, kvHeads: 8, headDim: 128 },
    crossLayers: 8,
  },
  {
    id: 'meta-llama/Llama-3.2-90B-Vision-Instruct',
    parameters: 88_593_355_323,
    kv: { layers: 80, kvHeads: 8, headDim: 128 },
    crossLayers: 20,
  },
];
const IMAGE_POSITIONS = 4 * 1601;
const VISION_BITS: Readonly<Record<string, number>> = { bf16: 16, fp8: 8 };

/** A model of the catalogue, by name, alias or id, its quantisation apart or in the name. Throws UnlistedModelError. */
export function catalogueFacts(id: string, quantisation?: string): ModelFacts {
  const manifest = find(id, quantisation);
  const kv = KV_SHAPES[manifest.parameters];
  if (kv === undefined) throw new UnlistedModelError(`${id} (its dimensions)`, []);

  const sizes = manifest.files.map(({ size }) => size);
  const isEstimate = sizes.some((size) => size === undefined);
  const weightBytes = isEstimate
    ? Math.round((manifest.parameters * BITS[manifest.quantisation]!) / 8)
    : sizes.reduce<number>((sum, size) => sum + size!, 0);
  const { id: requestName, name, context } = manifest;
  return {
    id: requestName,
    name,
    manifest,
    context,
    licence: manifest.licence.name,
    quantisation: manifest.quantisation,
    weightBytes,
    isEstimate,
    kv,
    imageBytes: 0,
  };
}

/** A model that SGLang loads from the hub. Throws UnlistedModelError. */
export function visionFacts(id: string, quantisation = 'bf16'): ModelFacts {
  const wanted = id.toLowerCase();
  const found = VISION.find((one) => [one.id.toLowerCase(), shortName(one.id)].includes(wanted));
  const bits = VISION_BITS[quantisation];
  if (found === undefined)
    throw new UnlistedModelError(
      id,
      VISION.map((one) => shortName(one.id)),
    );
  if (bits === undefined) throw new UnlistedModelError(`${id} in ${quantisation}`, Object.keys(VISION_BITS));
  const { kv, crossLayers, parameters } = found;
  return {
    id: found.id,
    name: shortName(found.id),
    manifest: undefined,
    context: 131_072,
    licence: 'Llama 3.2 Community License',
    quantisation,
    weightBytes: (parameters * bits) / 8,
    isEstimate: false,
    kv,
    imageBytes: 2 * crossLayers * kv.kvHeads * kv.headDim * 2 * IMAGE_POSITIONS,
  };
}

const shortName = (id: string) => id.split('/')[1]!.toLowerCase();

function find(id: string, quantisation: string | undefined): Manifest {
  if (quantisation === undefined) return findModel(id);
  const manifest = findModel(
    id.toLowerCase().endsWith(quantisation.toLowerCase()) ? id : `${id}-${quantisation}`,
  );
  return manifest;
}
