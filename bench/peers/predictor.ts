import type { Segment } from '../../models/tokenizer/segment.ts';

/** What an engine says comes next. */
export interface Prediction {
  readonly id: number;
  /** How far the second likeliest logit lies below the first. */
  readonly gap: number;
}

/** A prediction beside the token that really came. */
export interface Score extends Prediction {
  /** Natural logarithm of the probability the real token had. */
  readonly logProb: number;
}

/** An engine that can be questioned token by token: ours, or a peer to judge it by. */
export interface Predictor {
  readonly name: string;
  readonly vocabSize: number;
  /** Whether a token ends the reply. */
  isStop(id: number): boolean;

  /** Ids of a prompt. No begin token is added. */
  tokenize(segments: readonly Segment[]): Uint32Array;
  detokenize(ids: readonly number[]): string;

  /** Forgets what came before, reads the prompt and predicts the token after it. */
  start(prompt: Uint32Array): Promise<Prediction>;
  /** Appends one token and predicts the next. */
  next(id: number): Promise<Prediction>;
  /** Reads the ids from an empty cache. Returns a score for each id but the first: what was expected there. */
  score(ids: Uint32Array): Promise<Score[]>;

  close(): Promise<void>;
}
