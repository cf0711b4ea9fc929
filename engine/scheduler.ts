// Continuous batching without a driver: whoever reads a reply asks for the next step, and a step moves every
// sequence. No request depends on another's staying alive, which in workerd it may not.
import { DeviceError } from '../kernels/errors.ts';
import type { Buf } from '../kernels/kernels.ts';
import type { Llama, Span } from '../models/llama/model.ts';
import { isReading, planBatch, type Share } from './batch.ts';
import type { Choice, Choose } from './choose.ts';
import { BusyError, OutOfMemoryError, StalledError } from './errors.ts';
import type { Score } from './logprobs.ts';
import { createPace } from './pace.ts';
import { createPrefixCache, type Prefix } from './prefix-cache.ts';
import { accept, echo, finish, type Sequence } from './sequence.ts';

export interface SchedulerLimits {
  /** Sequences that have a cache. */
  readonly running: number;
  /** Sequences that wait for one. */
  readonly waiting: number;
  /** Most prompt tokens in one step. While someone speaks they may be fewer. */
  readonly prefillChunk: number;
  /** A reader that asks for nothing for so long loses its place, if another waits. Much longer than a step. */
  readonly stalledMs: number;
  /** Device memory for what earlier requests have computed; 0 keeps nothing. */
  readonly prefixCacheBytes: number;
}

export interface SchedulerCounts {
  promptTokens: number;
  completionTokens: number;
  prefixQueries: number;
  prefixHits: number;
  requests: number;
  rejected: number;
  aborted: number;
  failed: number;
  steps: number;
  draftTokens: number;
  acceptedTokens: number;
}

export interface Scheduler {
  readonly running: number;
  readonly waiting: number;
  readonly counts: Readonly<SchedulerCounts>;
  /** Takes a sequence in. Throws BusyError, and OutOfMemoryError when it could never run. */
  enter(sequence: Sequence): void;
  /** Its reader is gone. Does nothing to a sequence that has ended. */
  leave(sequence: Sequence): void;
  /** Moves all sequences that can move, or joins the step under way. Never rejects: a sequence keeps its failure. */
  step(): Promise<void>;
  /** To be called after a step, once the event loop has had a turn: where clocks stand still meanwhile, it is right again. */
  measure(): void;
}

export interface SchedulerParts {
  readonly llama: Llama;
  readonly choose: Choose;
  readonly score: Score;
  /** Rows of `llama.states`, from `firstRow` on. */
  readonly readStates: (firstRow: number, rows: number) => Promise<Float32Array>;
  readonly limits: SchedulerLimits;
  readonly nowMs: () => number;
}

/** Those of one priority. */
interface Lane {
  running: Sequence[]; // least recently served first
  waiting: Sequence[];
}

interface Step {
  readonly batch: readonly Share[];
  /** By the first of the batch, before this step. */
  readonly saidBefore: number;
  readonly startedAtMs: number;
}

const NONE = new Uint32Array(0);
const MAX_PARTS = 32; // a reader this far behind is not run ahead of
const RECENT = 0.2; // weight of the newest reply in the running mean of how long one takes

export function createScheduler({
  llama,
  choose,
  score,
  readStates,
  limits,
  nowMs,
}: SchedulerParts): Scheduler {
  const normal: Lane = { running: [], waiting: [] };
  const low: Lane = { running: [], waiting: [] };
  let underWay: Promise<void> | undefined;
  let unmeasured: Step | undefined; // the last one
  let meanServiceMs: number | undefined;
  const pace = createPace(limits.prefillChunk);
  const prefixCache = createPrefixCache(llama, limits.prefixCacheBytes);
  const counts: SchedulerCounts = {
    promptTokens: 0,
    completionTokens: 0,
    prefixQueries: 0,
    prefixHits: 0,
    requests: 0,
    rejected: 0,
    aborted: 0,
    failed: 0,
    steps: 0,
    draftTokens: 0,
    acceptedTokens: 0,
  };

  const laneOf = ({ priority }: Sequence): Lane => (priority === 'low' ? low : normal);
  /** What others may begin from. An embedding's cache is gone before they are done with it. */
  const live = () => [...normal.running, ...low.running].filter((sequence) => !sequence.pool).map(computed);
  const isFull = ({ running, waiting }: Lane) =>
    running.length + waiting.length >= limits.running + limits.waiting;
  const isStalled = ({ askedAtMs }: Sequence) => nowMs() - askedAtMs > limits.stalledMs;

  function enter(sequence: Sequence): void {
    const lane = laneOf(sequence);
    if (isFull(lane)) dropStalled(lane);
    if (isFull(lane)) {
      counts.rejected++;
      throw new BusyError(lane.waiting.length, retryAfterSeconds(lane));
    }
    counts.requests++;
    lane.waiting.push(sequence);
    if (!underWay) admitAll();
    if (sequence.failure) throw sequence.failure.error;
  }

  function leave(sequence: Sequence): void {
    if (sequence.state === 'ended') return;
    counts.aborted++;
    end(sequence);
  }

  function step(): Promise<void> {
    if (underWay) return underWay;

    unmeasured = undefined;
    admitAll();
    const lane = mayRunLow() ? low : normal;
    const ready = readyOf(lane);
    const speaking = ready.filter((sequence) => !isReading(sequence)).length;
    const least = lane === low ? 1 : 0; // a long step would delay whoever comes now
    const batch = planBatch(ready, {
      ...rowLimits,
      prefillChunk: pace.promptRows(Math.max(speaking, least)),
    });
    if (batch.length === 0) return Promise.resolve();

    unmeasured = { batch, saidBefore: batch[0]!.sequence.said.length, startedAtMs: nowMs() };
    underWay = compute(batch).finally(() => {
      underWay = undefined;
    });
    return underWay;
  }
  const rowLimits = { maxRows: llama.maxRows, maxLogitRows: llama.maxLogitRows };

  function measure(): void {
    if (underWay || !unmeasured) return; // a later step has begun, or another reader was faster
    const { batch, saidBefore, startedAtMs } = unmeasured;
    const ms = nowMs() - startedAtMs;
    const rows = batch.reduce((sum, { count, draft }) => sum + count + draft.length, 0);
    pace.observe(rows, ms);

    for (const { sequence } of batch) sequence.drafter?.spend(ms);
    const { said, drafter } = batch[0]!.sequence;
    const isOneSpeaking = batch.length === 1 && saidBefore > 0;
    if (isOneSpeaking) drafter?.judge(rows, ms, said.length - saidBefore);
    unmeasured = undefined;
  }

  /** Those whose readers keep up. */
  function readyOf({ running }: Lane): Sequence[] {
    return running.filter(({ parts }) => parts.length < MAX_PARTS);
  }

  /** Nothing normal waits, but for memory that those of low priority hold, and none can be moved. */
  function mayRunLow(): boolean {
    const isWaiting = normal.waiting.length > 0 && normal.running.length > 0;
    return !isWaiting && readyOf(normal).length === 0;
  }

  /** Gives places in the lane that is to run; who has gone quiet loses his, if another needs it. */
  function admitAll(): void {
    admitOrDrop(normal);
    if (mayRunLow()) admitOrDrop(low);
  }

  function admitOrDrop(lane: Lane): void {
    if (!admit(lane) || !lane.waiting.some((sequence) => !isStalled(sequence))) return;
    dropStalled(lane);
    admit(lane);
  }

  /**
   * Gives places to those who wait, in order, as far as places and memory go. One whose prompt begins as another's that
   * is being read is held until that much is read: so the choices of one request compute their prompt once.
   *
   * Returns   whether someone is left who found no room
   */
  function admit(lane: Lane): boolean {
    let held = 0; // their places stay free
    for (const sequence of [...lane.waiting]) {
      if (lane.running.length + held >= limits.running) return true;
      const reading = lane.running.filter((other) => isReading(other) && !other.echo && !other.pool);
      const prompts = reading.map(({ prompt }) => prompt);
      if (prefixCache.isWorthWaiting(toFind(sequence), live(), prompts)) held++;
      else if (!give(sequence)) return true;
    }
    return false;
  }

  /** Gives a place. False when it must wait for memory. */
  function give(sequence: Sequence): boolean {
    const lane = laneOf(sequence);
    const { positions } = sequence;
    for (;;) {
      try {
        sequence.cache = prefixCache.newCache(toFind(sequence), positions, live());
        break;
      } catch (error) {
        const isMemory = error instanceof DeviceError;
        if (isMemory && lane === normal && takeFromLow()) continue;
        if (isMemory && normal.running.length + low.running.length > 0) return false; // room comes when one of them ends
        fail(sequence, isMemory ? new OutOfMemoryError(positions, error) : error);
        return true;
      }
    }
    lane.waiting = lane.waiting.filter((other) => other !== sequence);
    beginAfter(sequence, sequence.cache.length);
    sequence.state = 'running';
    sequence.startedAtMs = nowMs();
    lane.running.push(sequence);
    return true;
  }

  /**
   * Takes the memory of one of low priority: it waits again, to read what it had read and said. Not of one whose prompt is
   * echoed: it would be told twice.
   */
  function takeFromLow(): boolean {
    const sequence = low.running.findLast(({ inStep, echo }) => !inStep && !echo);
    if (!sequence) return false;
    llama.freeCache(sequence.cache!);
    sequence.cache = undefined;
    sequence.pool?.restart();
    sequence.state = 'waiting';
    low.running = low.running.filter((other) => other !== sequence);
    low.waiting.unshift(sequence);
    return true;
  }

  /** Its first tokens are in its cache already, or are of inputs whose vectors are there. */
  function beginAfter(sequence: Sequence, cachedTokens: number): void {
    if (sequence.said.length === 0) sequence.cachedTokens = cachedTokens;
    sequence.pending = textOf(sequence).subarray(sequence.pool?.done ?? cachedTokens);
    counts.prefixQueries += toFind(sequence).length;
    counts.prefixHits += cachedTokens;
  }

  async function compute(batch: readonly Share[]): Promise<void> {
    for (const { sequence } of batch) sequence.inStep = true;
    try {
      const logits = llama.forward(batch.map(toSpan));
      counts.steps++;
      moveOn(batch);

      let rows = 0;
      let states = 0;
      await Promise.all(
        batch.map((share) => {
          const [row, state] = [rows, states];
          rows += share.logitRows;
          if (!share.sequence.pool) return share.logitRows > 0 && listen(share, logits, row);
          states += share.count;
          return pool(share, state);
        }),
      );
    } catch (error) {
      for (const { sequence } of batch) fail(sequence, error);
    } finally {
      for (const { sequence } of batch) {
        sequence.inStep = false;
        if (sequence.state === 'ended') free(sequence);
      }
    }
  }

  /** The batch's tokens are in their caches now; who was served goes to the end of the line. */
  function moveOn(batch: readonly Share[]): void {
    const served = new Set<Sequence>();
    for (const { sequence, count, draft } of batch) {
      if (isReading(sequence)) counts.promptTokens += count;
      sequence.pending = sequence.pending.subarray(count);
      sequence.cache!.length -= draft.length; // what is only guessed does not count, and is written over if wrong
      counts.draftTokens += draft.length;
      served.add(sequence);
    }
    const lane = laneOf(batch[0]!.sequence);
    lane.running = [...lane.running.filter((sequence) => !served.has(sequence)), ...served];
  }

  /** Takes the states of an embedding's rows. After an input's last the next begins in the same cache. */
  async function pool({ sequence, count }: Share, firstRow: number): Promise<void> {
    try {
      if (!sequence.pool!.add(await readStates(firstRow, count))) return;
      sequence.cache!.length = 0;
      if (sequence.pool!.left === 0 && sequence.state !== 'ended') end(sequence);
    } catch (error) {
      fail(sequence, error);
    }
  }

  /** Takes what a share's rows of logits tell: of an echoed prompt its tokens' logprobs, then what comes next. */
  async function listen(share: Share, logits: Buf, firstRow: number): Promise<void> {
    const { sequence } = share;
    try {
      const echoed = sequence.echo ? await listenToPrompt(share, logits, firstRow) : 0;
      if (echoed === share.logitRows) return;
      if (sequence.maxTokens > 0) await draw(share, logits, firstRow + echoed);
      else if (sequence.state !== 'ended' && finish(sequence, 'length')) end(sequence);
    } catch (error) {
      fail(sequence, error);
    }
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

  function fail(sequence: Sequence, error: unknown): void {
    if (sequence.state === 'ended') return;
    sequence.failure = { error };
    counts.failed++;
    end(sequence);
  }

  /** Frees the places of readers that have gone quiet. Only worth it when someone waits. */
  function dropStalled({ running, waiting }: Lane): void {
    for (const sequence of [...running, ...waiting].filter(isStalled)) {
      sequence.failure = { error: new StalledError(limits.stalledMs) };
      leave(sequence);
    }
  }

  function end(sequence: Sequence): void {
    if (sequence.state === 'running') {
      const serviceMs = nowMs() - sequence.startedAtMs;
      meanServiceMs = serviceMs * RECENT + (meanServiceMs ?? serviceMs) * (1 - RECENT);
    }
    sequence.state = 'ended';
    const lane = laneOf(sequence);
    lane.running = lane.running.filter((other) => other !== sequence);
    lane.waiting = lane.waiting.filter((other) => other !== sequence);
    if (!sequence.inStep) free(sequence);
  }

  /** What a failed one has computed is not to be trusted. */
  function free(sequence: Sequence): void {
    if (!sequence.cache) return;
    if (!sequence.failure && !sequence.pool) prefixCache.keep(computed(sequence));
    llama.freeCache(sequence.cache);
    sequence.cache = undefined;
  }

  /** A place to wait comes free whenever a reply ends: one mean service time, over those that run at once. */
  function retryAfterSeconds({ running }: Lane): number {
    const oldestMs = Math.max(0, ...running.map(({ startedAtMs }) => nowMs() - startedAtMs));
    const betweenMs = (meanServiceMs ?? oldestMs) / Math.max(1, running.length);
    return Math.max(1, Math.ceil(betweenMs / 1000));
  }

  return {
    get running() {
      return normal.running.length + low.running.length;
    },
    get waiting() {
      return normal.waiting.length + low.waiting.length;
    },
    counts,
    enter,
    leave,
    step,
    measure,
  };
}

/** What of its tokens may come from elsewhere: nothing when something of each is wanted. */
const toFind = (sequence: Sequence): Uint32Array =>
  sequence.echo || sequence.pool ? NONE : textOf(sequence);

/** What is in a running sequence's cache: the token sampled last never is. */
function computed(sequence: Sequence): Prefix {
  const cache = sequence.cache!;
  return { ids: textOf(sequence).subarray(0, cache.length), cache };
}

/** Its prompt, and what it has said. */
function textOf({ prompt, said }: Sequence): Uint32Array {
  if (said.length === 0) return prompt;
  const ids = new Uint32Array(prompt.length + said.length);
  ids.set(prompt);
  ids.set(said, prompt.length);
  return ids;
}

function toSpan({ sequence: { cache, pending, pool }, count, logitRows, draft }: Share): Span {
  const ids =
    draft.length > 0 ? Uint32Array.of(...pending.subarray(0, count), ...draft) : pending.subarray(0, count);
  const logits = logitRows === 0 ? 'none' : logitRows === 1 ? 'last' : 'all';
  return { cache: cache!, ids, logits, states: pool !== undefined };
}
