import type { Sequence } from './sequence.ts';

export interface BatchLimits {
  /** Most token rows in one pass. */
  readonly maxRows: number;
  /** Most rows of logits in one pass. */
  readonly maxLogitRows: number;
  /** Most prompt tokens in one pass, over all sequences; at least 1. */
  readonly prefillChunk: number;
}

/** A sequence's part in a step: its next `count` pending tokens, and its draft. */
export interface Share {
  readonly sequence: Sequence;
  readonly count: number;
  /**
   * Of its rows, the last so many get logits: all when its prompt is echoed, none when it is embedded, else one when no
   * token is left pending.
   */
  readonly logitRows: number;
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

    const leave = (room: number) => (isPrompt ? Math.min(room, Math.max(1, room - speaking)) : room);
    let count = Math.min(isPrompt ? (shares.get(sequence) ?? 0) : 1, leave(rows));
    if (isPrompt && sequence.echo) count = Math.min(count, leave(logitRows));
    if (sequence.pool) count = Math.min(count, sequence.pool.left);
    let wanted =
      isPrompt && sequence.echo ? count : Number(count === sequence.pending.length && !sequence.pool);
    if (wanted > logitRows) {
      count--; // the last token waits for a pass that has room for its logits
      wanted = 0;
    }
    if (count === 0) continue;

    rows -= count;
    logitRows -= wanted;
    const isAlone = sequences.length === 1 && !isPrompt;
    const draft = (isAlone && sequence.drafter?.draft(Math.min(rows, logitRows))) || NONE;
    batch.push({ sequence, count, logitRows: wanted + draft.length, draft });
  }
  return batch;
}

/** Its prompt is not all in the cache, or what it said before it lost its cache is not. */
export function isReading({ said, pending }: Sequence): boolean {
  return said.length === 0 || pending.length > 1;
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
