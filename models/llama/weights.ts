import type { Buf, Weight } from '../../kernels/kernels.ts';

/** One transformer block, by its checkpoint's names. Matrices are (out, in). */
export interface LayerWeights {
  readonly inputLayernorm: Buf;
  readonly qProj: Weight; // rows in interleaved pairs
  readonly kProj: Weight; // likewise
  readonly vProj: Weight;
  readonly oProj: Weight;
  readonly postAttentionLayernorm: Buf;
  readonly gateProj: Weight;
  readonly upProj: Weight;
  readonly downProj: Weight;
}

/** All of a Llama on a device. */
export interface LlamaWeights {
  readonly embedTokens: Weight; // (vocab, dim)
  readonly layers: readonly LayerWeights[];
  readonly norm: Buf;
  /** The embedding itself when the two are tied. */
  readonly lmHead: Weight;
  /** Angle per position of each pair, scaling included. */
  readonly frequencies: Float64Array;
}
