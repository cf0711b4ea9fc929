import * as z from 'zod';
import type { CompletionRequest, Sampling } from '../../engine/engine.ts';

/** What a request that says nothing gets: OpenAI's defaults, and the extensions switched off. */
export const DEFAULT_SAMPLING: Sampling = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: undefined,
};

/** Completions of one request, over all its prompts: they enter the queue together, and it has room for 72 by default. */
export const MAX_CHOICES = 32;
const MAX_STOPS = 4; // OpenAI's limit
const MAX_BIAS = 100; // OpenAI's limit
const MAX_SEED = 2 ** 63; // OpenAI's int64; past 2^53 the nearest double is the seed

/** Fields both completion routes share. The last three are the extensions open servers agree on. */
export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  seed: z.number().multipleOf(1).min(-MAX_SEED).max(MAX_SEED).nullish(),
  stop: z
    .union([z.string().min(1), z.array(z.string().min(1)).max(MAX_STOPS)], {
      error: `must be a non-empty string or a list of at most ${MAX_STOPS} of them`,
    })
    .nullish(),
  logit_bias: z
    .record(
      z.string().regex(/^(0|[1-9]\d{0,9})$/, { error: 'not a token id' }),
      z.number().min(-MAX_BIAS).max(MAX_BIAS),
    )
    .nullish()
    .describe('By token id, what is added to its logit before anything else changes it.'),
  top_k: z.int().min(-1).nullish().describe('Keeps the k likeliest tokens. 0 and -1 keep all.'),
  min_p: z.number().min(0).lt(1).nullish().describe('Drops tokens below this share of the likeliest.'),
  repetition_penalty: z.number().gt(0).nullish().describe('Divides the logits of tokens seen. 1 is off.'),
};

/** What `samplingFields` accepts, as a type. */
export type SamplingFields = z.infer<z.ZodObject<typeof samplingFields>>;

/** The fields of a request as the engine's `Sampling`; what is absent or null takes its default. */
export function toSampling(fields: SamplingFields): Sampling {
  const { top_p: topP, top_k: topK } = fields;
  return {
    temperature: fields.temperature ?? DEFAULT_SAMPLING.temperature,
    topP: Math.max(topP ?? DEFAULT_SAMPLING.topP, Number.EPSILON), // OpenAI allows 0: the likeliest token alone
    topK: Math.max(topK ?? DEFAULT_SAMPLING.topK, 0),
    minP: fields.min_p ?? DEFAULT_SAMPLING.minP,
    repetitionPenalty: fields.repetition_penalty ?? DEFAULT_SAMPLING.repetitionPenalty,
    presencePenalty: fields.presence_penalty ?? DEFAULT_SAMPLING.presencePenalty,
    frequencyPenalty: fields.frequency_penalty ?? DEFAULT_SAMPLING.frequencyPenalty,
    seed: fields.seed ?? DEFAULT_SAMPLING.seed,
    ...(fields.logit_bias && { logitBias: toBiases(fields.logit_bias) }),
  };
}

const toBiases = (biases: Record<string, number>): ReadonlyMap<number, number> =>
  new Map(Object.entries(biases).map(([id, bias]) => [Number(id), bias]));

/** The request's stop strings, as a list. */
export function toStops(stop: SamplingFields['stop']): readonly string[] {
  return typeof stop === 'string' ? [stop] : (stop ?? []);
}

/** The same request `count` times, each with a seed of its own: the first has the request's, the next that and 1. */
export function inChoices(request: CompletionRequest, count: number): CompletionRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    ...request,
    sampling: { ...request.sampling, seed: nextSeed(request.sampling.seed, i) },
  }));
}

function nextSeed(seed: number | undefined, i: number): number | undefined {
  if (seed === undefined || i === 0) return seed;
  return (seed % 2 ** 52) + i; // past 2^53 adding 1 would change nothing
}
