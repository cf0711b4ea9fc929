// Continuous batching without a driver: whoever reads a reply asks for the next step, and a step moves every
// sequence. No request depends on another's staying alive, which in workerd it may not.
import { DeviceError } from '../kernels/errors.ts';
import type { Llama } from '../models/llama/model.ts';
import { isReading, planBatch, type Share } from './batch.ts';
import { BusyError, OutOfMemoryError, StalledError } from './errors.ts';
import { createPace } from './pace.ts';
import { createPass, type RowReaders } from './pass.ts';
import { createPrefixCache, type Prefix } from './prefix-cache.ts';
import type { Sequence } from './sequence.ts';

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
  /** Positions filled in the caches of those that run. */
  readonly positions: number;
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
  /** What reads a pass's logits and states. */
  readonly rows: RowReaders;
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

export function createScheduler({ llama, rows, limits, nowMs }: SchedulerParts): Scheduler {
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

  const pass = createPass({ llama, rows, counts, end, fail });
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
    sequence.admittedAtMs ??= sequence.startedAtMs;
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
    toEndOfLine(batch);
    try {
      await pass(batch);
    } catch (error) {
      for (const { sequence } of batch) fail(sequence, error);
    } finally {
      for (const { sequence } of batch) {
        sequence.inStep = false;
        if (sequence.state === 'ended') free(sequence);
      }
    }
  }

  function toEndOfLine(batch: readonly Share[]): void {
    const served = new Set(batch.map(({ sequence }) => sequence));
    const lane = laneOf(batch[0]!.sequence);
    lane.running = [...lane.running.filter((sequence) => !served.has(sequence)), ...served];
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
    get positions() {
      return [...normal.running, ...low.running].reduce((sum, { cache }) => sum + (cache?.length ?? 0), 0);
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
