/** What a reply is held to, token by token. */
export interface Matcher {
  /** Bit `id & 31` of word `id >> 5` is set when the token may come next. `into` has ⌈vocabulary / 32⌉ words. */
  mask(into: Uint32Array): void;
  /** Whether this one token may come next. */
  accepts(id: number): boolean;
  /** Moves past a token that was sampled. Throws RangeError for one that may not come. */
  push(id: number): void;
  /** The reply may end here: a stop token may come next. */
  readonly isComplete: boolean;
  /** And nothing else may. */
  readonly isFinished: boolean;
}
