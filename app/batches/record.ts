import { keepFile } from '../files.ts';
import type { Batch, BatchError } from '../schemas/batches.ts';
import type { FileObject } from '../schemas/files.ts';
import { contentKey } from '../storage/content.ts';
import { type Change, MAX_CHUNK_BYTES } from '../storage/storage.ts';
import type { LinePlace } from './read-lines.ts';
import { addUsage, type LineResult } from './run-line.ts';
import { openKey, type StoredBatch, type Update } from './stored-batch.ts';

const KEPT_MS = 30 * 24 * 60 * 60 * 1000; // a batch that is over
const encoder = new TextEncoder();

const seconds = (ms: number) => Math.floor(ms / 1000);

/** The files to be are begun, and live until the batch cannot need them any more. */
export function begin(stored: StoredBatch, total: number, nowMs: number): Update {
  const { batch, output, errors } = stored;
  if (batch.status !== 'validating') return { stored };
  const expiresAtMs = batch.expires_at * 1000 + KEPT_MS;
  return {
    stored: {
      ...stored,
      batch: {
        ...batch,
        status: 'in_progress',
        in_progress_at: seconds(nowMs),
        request_counts: { ...batch.request_counts, total },
      },
    },
    changes: [output, errors].map(({ id }) => ({ type: 'put', ...contentKey(id), value: '', expiresAtMs })),
  };
}

/** What is wrong with the input, or became of it. */
export function failBatch(stored: StoredBatch, errors: readonly BatchError[], nowMs: number): Update {
  const { batch } = stored;
  if (batch.status === 'cancelling') return { stored };
  const failed: Batch = {
    ...batch,
    status: 'failed',
    failed_at: seconds(nowMs),
    errors: { object: 'list', data: [...errors] },
  };
  return close({ ...stored, batch: failed }, nowMs);
}

/** Keeps what lines became. `places` are those of all lines read, in order: the first that are done need no remembering. */
export function recordLines(
  stored: StoredBatch,
  results: readonly LineResult[],
  places: readonly LinePlace[],
): Update {
  const { batch } = stored;
  const failed = results.filter(({ isError }) => isError);
  const succeeded = results.filter(({ isError }) => !isError);
  const output = appendTo(stored.output, succeeded);
  const errors = appendTo(stored.errors, failed);
  const counts = batch.request_counts;
  const updated: Batch = {
    ...batch,
    request_counts: {
      ...counts,
      completed: counts.completed + succeeded.length,
      failed: counts.failed + failed.length,
    },
    usage: results.reduce((sum, { usage }) => addUsage(sum, usage), batch.usage),
  };
  const ahead = new Set([...stored.doneAhead, ...results.map(({ number }) => number)]);
  let { done } = stored;
  for (const place of places.filter(({ number }) => number > stored.done.number)) {
    if (!ahead.delete(place.number)) break;
    done = place;
  }
  return {
    stored: {
      ...stored,
      batch: updated,
      done,
      doneAhead: [...ahead],
      output: output.file,
      errors: errors.file,
    },
    changes: [...output.changes, ...errors.changes],
  };
}

function appendTo(
  file: StoredBatch['output'],
  results: readonly LineResult[],
): { file: StoredBatch['output']; changes: Change[] } {
  if (results.length === 0) return { file, changes: [] };
  const bytes = encoder.encode(results.map(({ record }) => `${JSON.stringify(record)}\n`).join(''));
  return {
    file: { ...file, bytes: file.bytes + bytes.length },
    changes: Array.from({ length: Math.ceil(bytes.length / MAX_CHUNK_BYTES) }, (_, i) => ({
      type: 'append',
      ...contentKey(file.id),
      bytes: bytes.subarray(i * MAX_CHUNK_BYTES, (i + 1) * MAX_CHUNK_BYTES),
    })),
  };
}

/** No line is left to do: what there is becomes the files. */
export function finishBatch(
  stored: StoredBatch,
  status: 'completed' | 'expired' | 'cancelled',
  nowMs: number,
): Update {
  const at = seconds(nowMs);
  const batch: Batch = { ...stored.batch, status, finalizing_at: at, [`${status}_at`]: at };
  return close({ ...stored, batch }, nowMs);
}

function close(stored: StoredBatch, nowMs: number): Update {
  const { batch, output, errors } = stored;
  const isBegun = batch.in_progress_at !== undefined;
  const file = ({ id, bytes }: StoredBatch['output'], name: string): Change[] => {
    if (!isBegun) return [];
    if (bytes === 0) return [{ type: 'delete', ...contentKey(id) }];
    const created = seconds(nowMs);
    const made: FileObject = {
      id,
      object: 'file',
      bytes,
      created_at: created,
      ...(stored.filesLive === undefined ? {} : { expires_at: created + stored.filesLive }),
      filename: `${batch.id}_${name}.jsonl`,
      purpose: 'batch_output',
      status: 'processed',
    };
    return keepFile(made);
  };
  return {
    stored: {
      ...stored,
      batch: {
        ...batch,
        ...(output.bytes > 0 && { output_file_id: output.id }),
        ...(errors.bytes > 0 && { error_file_id: errors.id }),
      },
    },
    changes: [...file(output, 'output'), ...file(errors, 'errors'), { type: 'delete', ...openKey(batch.id) }],
    expiresAtMs: nowMs + KEPT_MS,
  };
}
