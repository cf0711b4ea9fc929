/** How far two engines agree about one model. */
import type { Segment } from '../../models/tokenizer/segment.ts';
import type { Predictor } from './predictor.ts';

export interface GreedyAgreement {
  readonly promptTokens: number;
  readonly text: string; // the peer's
  /** Tokens both chose, before the first difference. */
  readonly same: number;
  readonly tokens: number; // the peer's, all of them
  /** How far the peer's two best tokens lay apart where the engines parted; undefined if they never did. */
  readonly gapAtDifference: number | undefined;
}

export interface TextAgreement {
  readonly tokens: number; // predictions compared
  /** Share of positions where both expected the same token. */
  readonly topOne: number;
  /** The largest gap, in the peer's eyes, between best and second best where they did not. */
  readonly widestGapAtDifference: number;
  /** Mean of |Δ ln p| of the token that really came. */
  readonly meanLogProbDifference: number;
  /** exp(-mean ln p) of each. */
  readonly perplexity: { readonly ours: number; readonly peer: number };
}

/** Ids of a prompt that both tokenizers agree on. Throws when they do not: nothing after that could be compared. */
export function sameIds(ours: Predictor, peer: Predictor, prompt: readonly Segment[]): Uint32Array {
  const [mine, theirs] = [ours.tokenize(prompt), peer.tokenize(prompt)];
  const at = mine.findIndex((id, i) => id !== theirs[i]);
  if (at >= 0 || mine.length !== theirs.length)
    throw new Error(
      `${ours.name} makes ${mine.length} tokens and ${peer.name} ${theirs.length}; they differ at ${at}`,
    );
  return mine;
}

/**
 * Lets both continue a prompt greedily until the peer stops or has made `maxTokens`. Ours is no longer asked once it has
 * chosen another token: from there on they write different texts.
 */
export async function greedyAgreement(
  ours: Predictor,
  peer: Predictor,
  prompt: Uint32Array,
  maxTokens: number,
): Promise<GreedyAgreement> {
  const chosen: number[] = [];
  let same = 0;
  let gapAtDifference: number | undefined;

  let [mine, theirs] = [await ours.start(prompt), await peer.start(prompt)];
  for (;;) {
    if (gapAtDifference === undefined && mine.id !== theirs.id) gapAtDifference = theirs.gap;
    if (gapAtDifference === undefined) same++;
    chosen.push(theirs.id);
    if (chosen.length === maxTokens || peer.isStop(theirs.id)) break;

    if (gapAtDifference === undefined) mine = await ours.next(mine.id);
    theirs = await peer.next(theirs.id);
  }
  return {
    promptTokens: prompt.length,
    text: peer.detokenize(chosen),
    same,
    tokens: chosen.length,
    gapAtDifference,
  };
}

/** Shows both the same text and compares what they expect at every position. */
export async function textAgreement(
  ours: Predictor,
  peer: Predictor,
  ids: Uint32Array,
): Promise<TextAgreement> {
  const [mine, theirs] = [await ours.score(ids), await peer.score(ids)];
  const pairs = theirs.map((score, i) => ({ peer: score, ours: mine[i]! }));
  const parted = pairs.filter((pair) => pair.ours.id !== pair.peer.id);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

  return {
    tokens: pairs.length,
    topOne: 1 - parted.length / pairs.length,
    widestGapAtDifference: Math.max(0, ...parted.map((pair) => pair.peer.gap)),
    meanLogProbDifference: mean(pairs.map((pair) => Math.abs(pair.ours.logProb - pair.peer.logProb))),
    perplexity: {
      ours: Math.exp(-mean(mine.map(({ logProb }) => logProb))),
      peer: Math.exp(-mean(theirs.map(({ logProb }) => logProb))),
    },
  };
}
