import type { Buf, KvCache } from '../../kernels/kernels.ts';

/** One sequence's share of a forward pass: its next tokens and the cache they extend. */
export interface Span {
  readonly cache: SequenceCache;
  readonly ids: Uint32Array;
  /** Which rows get logits. `none` while a long prompt is still being read. */
  readonly logits: 'none' | 'last' | 'all';
  /** Whether its rows' final hidden states are wanted, in place of logits. */
  readonly states?: boolean;
}

/** A sequence's keys and values, and how many positions are filled. */
export interface SequenceCache {
  readonly kv: KvCache;
  length: number;
}

/** A loaded Llama. Sequences share its weights and scratch; nothing in it is about one of them. */
export interface Llama {
  readonly vocabSize: number;
  /** Numbers in a hidden state. */
  readonly dim: number;
  readonly contextLength: number;
  /** Most token rows in one `forward`. */
  readonly maxRows: number;
  /** Most rows of logits one `forward` may ask for. */
  readonly maxLogitRows: number;
  /** Final hidden states (rows, dim), after the last norm, of the spans that asked; valid until the next `forward`. */
  readonly states: Buf;

  newCache(capacity: number): SequenceCache;
  /**
   * Makes `to` hold the first `length` positions of `from`, and no more.
   *
   * Throws   RangeError when `from` does not hold as many
   */
  copyCache(to: SequenceCache, from: SequenceCache, length: number): void;
  freeCache(cache: SequenceCache): void;

  /**
   * Runs the spans' tokens through the model in one pass over the weights and advances their caches.
   *
   * Shapes   returns logits (rows, vocabSize): spans in order, each with none, one or all of its rows;
   *          valid until the next call
   * Throws   RangeError when a cache, maxRows or maxLogitRows would overflow, or a span wants logits and states
   */
  forward(spans: readonly Span[]): Buf;
}
