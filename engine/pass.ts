import type { Buf } from '../kernels/kernels.ts';
import type { Llama, Span } from '../models/llama/model.ts';
import { isReading, type Share } from './batch.ts';
import type { Choice, Choose } from './choose.ts';
import type { Score } from './logprobs.ts';
import type { SchedulerCounts } from './scheduler.ts';
import { accept, echo, finish, type Sequence } from './sequence.ts';

/** What makes something of the rows that a pass gives. */
export interface RowReaders {
  readonly choose: Choose;
  readonly score: Score;
  /** Rows of `llama.states`, from `firstRow` on. */
  readonly readStates: (firstRow: number, count: number) => Promise<Float32Array>;
}

export interface PassParts {
  readonly llama: Llama;
  readonly rows: RowReaders;
  readonly counts: SchedulerCounts;
  /** A sequence has said its last, or has all its vectors. */
  readonly end: (sequence: Sequence) => void;
  /** One whose rows cannot be read. */
  readonly fail: (sequence: Sequence, error: unknown) => void;
}

/**
 * Puts shares through the model in one pass, and takes what their rows tell: of a reply the next tokens, of an echoed
 * prompt the logprobs of its own, of an embedding the states.
 *
 * Throws   what `Llama.forward` throws; then all of the batch have failed
 */
export type Pass = (batch: readonly Share[]) => Promise<void>;

export function createPass({ llama, rows, counts, end, fail }: PassParts): Pass {
  const { choose, score, readStates } = rows;

  async function pass(batch: readonly Share[]): Promise<void> {
    const logits = llama.forward(batch.map(toSpan));
    counts.steps++;
    for (const share of batch) moveOn(share);

    let logitRow = 0;
    let stateRow = 0;
    await Promise.all(
      batch.map((share) => {
        const { sequence, count, logitRows } = share;
        const [firstLogits, firstState] = [logitRow, stateRow];
        logitRow += logitRows;
        if (sequence.pool) stateRow += count;
        const reading = sequence.pool ? pool(share, firstState) : listen(share, logits, firstLogits);
        return reading.catch((error) => fail(sequence, error));
      }),
    );
  }

  /** A share's tokens are in its cache now. */
  function moveOn({ sequence, count, draft }: Share): void {
    if (isReading(sequence)) counts.promptTokens += count;
    sequence.pending = sequence.pending.subarray(count);
    sequence.cache!.length -= draft.length; // what is only guessed does not count, and is written over if wrong
    counts.draftTokens += draft.length;
  }

  /** Takes the states of an embedding's rows. After an input's last the next begins in the same cache. */
  async function pool({ sequence, count }: Share, firstRow: number): Promise<void> {
    if (!sequence.pool!.add(await readStates(firstRow, count))) return;
    sequence.cache!.length = 0;
    if (sequence.pool!.left === 0 && sequence.state !== 'ended') end(sequence);
  }

  /** Takes what a share's rows of logits tell: of an echoed prompt its tokens' logprobs, then what comes next. */
  async function listen(share: Share, logits: Buf, firstRow: number): Promise<void> {
    const { sequence, logitRows } = share;
    const echoed = sequence.echo ? await listenToPrompt(share, logits, firstRow) : 0;
    if (echoed === logitRows) return;
    if (sequence.maxTokens > 0) await draw(share, logits, firstRow + echoed);
    else if (sequence.state !== 'ended' && finish(sequence, 'length')) end(sequence);
  }

  /** A prompt's row tells of the token after it. Returns how many rows did. */
  async function listenToPrompt({ sequence, count }: Share, logits: Buf, firstRow: number): Promise<number> {
    const { prompt, pending, logprobs } = sequence;
    if (!isReading(sequence)) return 0;
    const next = prompt.length - pending.length - count + 1;
    const rows = Math.min(count, prompt.length - next);
    for (let i = 0; i < rows; i++)
      echo(sequence, next + i, await score(prompt[next + i]!, logprobs!, logits, firstRow + i));
    return rows;
  }

  /**
   * Draws from each row of a share for as long as its draft had foretold what is drawn: the same tokens, from the same
   * logits, coins and penalties, as one by one.
   */
  async function draw({ sequence, draft }: Share, logits: Buf, firstRow: number): Promise<void> {
    for (let i = 0; ; i++) {
      const choice = await choose(sequence, logits, firstRow + i);
      hear(sequence, choice);
      if (choice.id !== draft[i]) return;
      counts.acceptedTokens++;
      if (sequence.state === 'ended') return;
      sequence.cache!.length++;
    }
  }

  function hear(sequence: Sequence, choice: Choice): void {
    if (sequence.state === 'ended') return; // its reader left during the step
    const before = sequence.said.length;
    const isLast = accept(sequence, choice);
    counts.completionTokens += sequence.said.length - before;
    if (isLast) end(sequence);
  }

  return pass;
}

function toSpan({ sequence: { cache, pending, pool }, count, logitRows, draft }: Share): Span {
  const ids =
    draft.length > 0 ? Uint32Array.of(...pending.subarray(0, count), ...draft) : pending.subarray(0, count);
  const logits = logitRows === 0 ? 'none' : logitRows === 1 ? 'last' : 'all';
  return { cache: cache!, ids, logits, states: pool !== undefined };
}
