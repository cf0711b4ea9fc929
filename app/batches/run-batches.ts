import { ContentGoneError, readContent } from '../storage/content.ts';
import type { Storage } from '../storage/storage.ts';
import { type Line, type LinePlace, readLines } from './read-lines.ts';
import { begin, failBatch, finishBatch, recordLines } from './record.ts';
import { expiredLine, type Fetch, type LineResult, runLine, TryLaterError } from './run-line.ts';
import { findBatch, type StoredBatch, type Update, updateBatch } from './stored-batch.ts';
import { fileError, parseLine, validateLines } from './validate.ts';

export interface BatchRunnerParts {
  readonly storage: Storage;
  readonly fetch: Fetch;
  readonly now: () => number; // Unix milliseconds
  readonly newId: () => string;
  /** Lines at once. */
  readonly width: number;
  /** Lines in one turn, after which the caller may do other things. */
  readonly turn: number;
}

/** When to call again: at once, a little later, or when there is a new batch. */
export type Next = 'now' | 'later' | 'idle';

const START: LinePlace = { number: 0, end: 0 };
const MAX_LINE_BYTES = 1 << 20; // as long as a request's body may be
const EXPIRED_AT_ONCE = 100;
const GONE = fileError('input_file_gone', 'the input file was deleted, or has expired');

/**
 * Does a turn's work on the oldest batch that is not at its end. Every line's result is kept as soon as there is one, and
 * nothing else is remembered: after a restart it goes on with the lines that have none. One at a time, please.
 */
export async function runBatches(parts: BatchRunnerParts, signal: AbortSignal): Promise<Next> {
  const page = await parts.storage.list('open_batch', { limit: 1, order: 'asc' });
  const [open] = page!.records;
  if (open === undefined) return 'idle';

  const stored = await findBatch(parts.storage, open.id);
  try {
    return await runOne(parts, stored, signal);
  } catch (error) {
    if (!(error instanceof ContentGoneError)) throw error;
    await updateBatch(parts.storage, open.id, (now) => failBatch(now, [GONE], parts.now()));
    return 'now';
  }
}

async function runOne(parts: BatchRunnerParts, stored: StoredBatch, signal: AbortSignal): Promise<Next> {
  const { batch } = stored;
  if (batch.status === 'in_progress' && parts.now() < batch.expires_at * 1000)
    return runTurn(parts, stored, signal);

  if (batch.status === 'validating') await validate(parts, stored);
  else if (batch.status === 'in_progress') await expire(parts, stored);
  else await end(parts, stored, 'cancelled');
  return 'now';
}

async function validate(parts: BatchRunnerParts, stored: StoredBatch): Promise<void> {
  const found = await validateLines(linesOf(parts, stored, START), stored.batch.endpoint);
  await update(parts, stored, (now) =>
    'errors' in found ? failBatch(now, found.errors, parts.now()) : begin(now, found.total, parts.now()),
  );
}

/** A few lines at once, each replaced by the next as it is done. */
async function runTurn(parts: BatchRunnerParts, stored: StoredBatch, signal: AbortSignal): Promise<Next> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const lines = linesOf(parts, stored, stored.done);
  const isDone = new Set(stored.doneAhead);
  const places: LinePlace[] = [];
  let left = parts.turn;
  let next: Next = 'now';
  let exhausted = false;

  async function work(): Promise<void> {
    while (left-- > 0 && !either.aborted) {
      const { value: line } = await lines.next();
      if (line === undefined) {
        exhausted = true;
        return;
      }
      places.push(line);
      if (isDone.has(line.number)) continue;
      const result = await run(parts, stored, line, either);
      const { batch } = await update(parts, stored, (now) => recordLines(now, [result], places));
      if (batch.status !== 'in_progress') stop.abort(); // the other lines are not wanted any more
    }
  }
  const workers = await Promise.allSettled(Array.from({ length: parts.width }, work));
  for (const worker of workers) {
    if (worker.status === 'fulfilled') continue;
    if (worker.reason instanceof TryLaterError) next = 'later';
    else if (!either.aborted) throw worker.reason;
  }
  if (exhausted && next === 'now' && !either.aborted) await end(parts, stored, 'completed');
  return next;
}

async function run(
  parts: BatchRunnerParts,
  { batch, caller }: StoredBatch,
  line: Line,
  signal: AbortSignal,
): Promise<LineResult> {
  const parsed = parseLine(line, batch.endpoint);
  if ('error' in parsed) throw new Error(`${batch.input_file_id} has changed: ${parsed.error.message}`);
  return runLine(line.number, parsed.request, { ...parts, caller, signal });
}

/** Every line that is left becomes an error. */
async function expire(parts: BatchRunnerParts, stored: StoredBatch): Promise<void> {
  const isDone = new Set(stored.doneAhead);
  const places: LinePlace[] = [];
  let results: LineResult[] = [];
  const record = async () => {
    await update(parts, stored, (now) => recordLines(now, results, places));
    results = [];
  };
  for await (const line of linesOf(parts, stored, stored.done)) {
    places.push(line);
    if (isDone.has(line.number)) continue;
    const parsed = parseLine(line, stored.batch.endpoint);
    if ('request' in parsed) results.push(expiredLine(line.number, parsed.request, parts.newId));
    if (results.length === EXPIRED_AT_ONCE) await record();
  }
  if (results.length > 0) await record();
  await end(parts, stored, 'expired');
}

/** Whoever cancelled it meanwhile has cancelled it. */
async function end(
  parts: BatchRunnerParts,
  stored: StoredBatch,
  status: 'completed' | 'expired' | 'cancelled',
): Promise<void> {
  await update(parts, stored, (now) =>
    finishBatch(now, now.batch.status === 'cancelling' ? 'cancelled' : status, parts.now()),
  );
}

const update = (
  { storage }: BatchRunnerParts,
  { batch }: StoredBatch,
  change: (now: StoredBatch) => Update,
): Promise<StoredBatch> => updateBatch(storage, batch.id, change);

const linesOf = ({ storage }: BatchRunnerParts, { batch }: StoredBatch, after: LinePlace) =>
  readLines(readContent(storage, batch.input_file_id, after.end), after, MAX_LINE_BYTES);
