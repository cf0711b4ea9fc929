/** Messages in, text out. The app speaks to this and to nothing below it. */

import type { JsonSchema, Message, Tool } from '../models/prompts/prompt.ts';
import type { Judging } from './guard/guard.ts';

export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number; // (0, 1]; 1 keeps all
  readonly topK: number; // 0 keeps all
  readonly minP: number; // [0, 1); 0 keeps all
  readonly repetitionPenalty: number; // > 0; 1 changes nothing
  readonly presencePenalty: number; // [-2, 2]
  readonly frequencyPenalty: number; // [-2, 2]
  /** Added to the logits of these ids before anything else changes them; [-100, 100]. */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** Same seed, same request, same model: same text. Without one the door's randomness picks it. */
  readonly seed: number | undefined;
}

export type Prompt =
  | { readonly type: 'chat'; readonly messages: readonly Message[] }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tokens'; readonly ids: readonly number[] };

export type Format =
  | { readonly type: 'json' }
  | { readonly type: 'json_schema'; readonly schema: JsonSchema };

export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { readonly name: string }
  | { readonly mode: 'auto' | 'required'; readonly names: readonly string[] };

export interface CompletionRequest {
  readonly model: string;
  readonly prompt: Prompt;
  /** Undefined: as many as the context leaves room for. */
  readonly maxTokens: number | undefined;
  /** Looked for in what the model writes, calls included. */
  readonly stop: readonly string[];
  /** What the whole reply has to be; text where it is absent. */
  readonly format?: Format | undefined;
  readonly sampling: Sampling;
  /** How many of the likeliest tokens to give beside each of the text's, 0 … 20. Absent: no logprobs at all. */
  readonly logprobs?: number;
  /** Begins the reply with the prompt's own text, and its logprobs when those are asked for. */
  readonly echo?: boolean;
  /** What the model may call. None when absent. */
  readonly tools?: readonly Tool[];
  /** Whether it has to call one, and which; it may be told of more than it may call. By default it decides. */
  readonly toolChoice?: ToolChoice;
  /** Whether one reply may make several calls. By default it may. */
  readonly parallelToolCalls?: boolean;
  /** Low is computed only while nothing normal can be. Absent: normal. */
  readonly priority?: 'normal' | 'low';
  /** How a guard before the engine judges it, where it is not as usual. */
  readonly judging?: Judging;
}

export interface Usage {
  readonly promptTokens: number;
  /** Prompt tokens that were not computed again: an earlier request had begun with them. */
  readonly cachedTokens: number;
  /** Tokens sampled, the stop token left out. */
  readonly completionTokens: number;
}

export interface SpelledToken {
  readonly id: number;
  /** Its own, whole characters or not; a special token has none. */
  readonly bytes: Uint8Array;
  /** Of a special token: `<|eot_id|>`. */
  readonly special?: string;
}

export interface LikelyToken extends SpelledToken {
  /** Natural logarithm, of the model's distribution before temperature, biases, penalties, cuts and grammars. */
  readonly logprob: number;
}

/** A token of a reply, or of an echoed prompt. */
export interface TokenLogprob extends SpelledToken {
  /** As of `LikelyToken`; null for a prompt's first token, which follows nothing. */
  readonly logprob: number | null;
  /** The likeliest in its place, the likeliest first. */
  readonly top: readonly LikelyToken[];
  /** Unicode characters of the reply's text before it. */
  readonly start: number;
}

export type Part =
  | {
      readonly type: 'text';
      readonly text: string;
      /** When logprobs were asked for: the tokens whose text begins in this part. */
      readonly tokens?: readonly TokenLogprob[];
    }
  /** A call begins; they are numbered from 0. */
  | { readonly type: 'tool_call'; readonly index: number; readonly name: string }
  /** A piece of its arguments: all of them together are JSON, unless the model broke off or wrote none. */
  | { readonly type: 'tool_arguments'; readonly index: number; readonly text: string }
  | {
      readonly type: 'done';
      /** `content_filter`: a guard objected to what was asked or said. */
      readonly reason: 'stop' | 'length' | 'tool_calls' | 'content_filter';
      readonly usage: Usage;
    };

/** A reply in the making. Iterate `parts` once; leaving the loop early stops the model. */
export interface Completion {
  readonly model: string;
  readonly promptTokens: number;
  readonly parts: AsyncIterable<Part>;
  /** How far it has come. Absent where nothing is computed. */
  readonly times?: () => StepTimes;
}

/** Unix milliseconds; undefined what has not happened yet. */
export interface StepTimes {
  readonly enteredAtMs: number;
  /** It got a place to compute. */
  readonly startedAtMs: number | undefined;
  /** Its prompt was read, and the first token drawn. */
  readonly firstTokenAtMs: number | undefined;
}

export interface ModelInfo {
  readonly id: string; // may contain slashes
  readonly created: number; // Unix seconds
  readonly ownedBy: string;
  readonly contextLength: number; // tokens
  readonly licence: string;
}

/** How far a model has been read. 0 of 0 until its size is known. */
export interface LoadProgress {
  readonly bytes: number; // of weights
  readonly totalBytes: number;
}

/** Counters since start, for /metrics and /v1/health. */
export interface EngineStats {
  readonly state: 'loading' | 'ready' | 'failed';
  readonly load: LoadProgress;
  readonly running: number;
  readonly waiting: number;
  readonly promptTokens: number; // run through the model
  readonly completionTokens: number; // sampled, the stop token left out
  readonly prefixQueries: number; // prompt tokens looked for in the prefix cache
  readonly prefixHits: number; // and found
  readonly requests: number; // accepted
  readonly rejected: number; // turned away: no place to wait
  readonly aborted: number; // the reader left, or stopped reading
  readonly failed: number; // ended by an error after being accepted
  readonly steps: number; // passes over the weights
  readonly draftTokens: number; // guessed, and checked in a pass
  readonly acceptedTokens: number; // of those, the ones that were right
  readonly deviceBytes: number;
  /** Of keys and values: positions filled by those that run, and how many all places together may have. */
  readonly cachePositions: number;
  readonly cacheCapacity: number;
}

/** Texts, or token lists, to be made vectors. */
export interface EmbeddingRequest {
  readonly model: string;
  readonly inputs: readonly Prompt[];
  /** Numbers to keep of each vector, before it is scaled; absent: all that the model has. */
  readonly dimensions?: number;
  readonly priority?: 'normal' | 'low';
}

export interface Embeddings {
  /** One for each input: the mean of its tokens' final hidden states, scaled to length 1. */
  readonly vectors: readonly Float32Array[];
  readonly promptTokens: number;
}

/** Prompts that are to be measured. */
export interface CountRequest {
  readonly model: string;
  readonly inputs: readonly Prompt[];
}

export interface Engine {
  models(): readonly ModelInfo[];
  stats(): EngineStats;
  /** Has done what the first request would wait for. Throws what loading throws. */
  prepare(signal: AbortSignal): Promise<void>;
  /**
   * Resolves once the request is accepted, so that refusing it is still an HTTP status.
   *
   * Throws   UnknownModelError, ContextLengthError, SchemaError, BusyError
   */
  start(request: CompletionRequest, signal: AbortSignal): Promise<Completion>;
  /**
   * Takes a place as a completion does, however many the inputs.
   *
   * Throws   UnknownModelError, ContextLengthError, DimensionsError, BusyError
   */
  embed(request: EmbeddingRequest, signal: AbortSignal): Promise<Embeddings>;
  /**
   * The tokens that a model would read for each of the inputs, worded as `start` words them. Computes nothing, and takes
   * no place.
   *
   * Throws   UnknownModelError, InvalidPromptError
   */
  countTokens(request: CountRequest, signal: AbortSignal): Promise<readonly number[]>;
}
