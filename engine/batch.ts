import type { Sequence } from './sequence.ts';

export interface BatchLimits {
  /** Most token rows in one pass. */
  readonly maxRows: number;
  /** Most rows of logits in one pass. */
  readonly maxLogitRows: number;
  /** Most prompt tokens in one pass, over all sequences; at least 1. */
  readonly prefillChunk: number;
}

/** A sequence's part in a step: its next `count` pending tokens, with logits when those are all, and its draft. */
export interface Share {
  readonly sequence: Sequence;
  readonly count: number;
  readonly wantsLogits: boolean;
  /** What may come after its last pending token, to be checked in the same pass. */
  readonly draft: Uint32Array;
}

const NONE = new Uint32Array(0);

/**
 * Who gets how many rows of the next pass: one for each sequence that speaks, and what is left, up to the chunk, in
 * equal shares for those whose prompts are still being read. When the limits are too tight for all, the first in
 * `sequences` go first; a caller who moves those served to the end starves nobody. A sequence that speaks alone may
 * draft: in company a row that may be wrong costs as much as another's that is right.
 */
export function planBatch(sequences: readonly Sequence[], limits: BatchLimits): Share[] {
  const reading = sequences.filter(isReading);
  const shares = fairShares(reading, limits.prefillChunk);
  let speaking = sequences.length - reading.length; // of those not yet looked at
  let rows = limits.maxRows;
  let logitRows = limits.maxLogitRows;

  const batch: Share[] = [];
  for (const sequence of sequences) {
    const isPrompt = isReading(sequence);
    if (!isPrompt) speaking--;

    const room = isPrompt ? Math.min(rows, Math.max(1, rows - speaking)) : rows;
    let count = Math.min(isPrompt ? (shares.get(sequence) ?? 0) : 1, room);
    let wantsLogits = count === sequence.pending.length;
    if (wantsLogits && logitRows === 0) {
      count--; // the last token waits for a pass that has room for its logits
      wantsLogits = false;
    }
    if (count === 0) continue;

    rows -= count;
    if (wantsLogits) logitRows--;
    const isAlone = sequences.length === 1 && !isPrompt && wantsLogits;
    const draft = (isAlone && sequence.drafter?.draft(Math.min(rows, logitRows))) || NONE;
    batch.push({ sequence, count, wantsLogits, draft });
  }
  return batch;
}

/** Its prompt is not all in the cache. */
export function isReading({ said }: Sequence): boolean {
  return said.length === 0;
}

/**
 * Divides `budget` prompt tokens; what a short prompt does not need goes to the longer ones. When there are fewer tokens
 * than prompts, the first in line get one each.
 */
function fairShares(reading: readonly Sequence[], budget: number): Map<Sequence, number> {
  const shares = new Map<Sequence, number>();
  const served = reading.slice(0, budget);
  const shortestFirst = served.sort((a, b) => a.pending.length - b.pending.length);

  let left = budget;
  for (const [i, sequence] of shortestFirst.entries()) {
    const share = Math.min(sequence.pending.length, Math.ceil(left / (served.length - i)));
    shares.set(sequence, share);
    left -= share;
  }
  return shares;
}
