import type { Context } from 'hono';
import { batchKey, findBatch, openKey, type StoredBatch, updateBatch } from '../batches/stored-batch.ts';
import { InvalidRequestError, NotFoundError } from '../errors.ts';
import { parse } from '../parse.ts';
import { readJson } from '../read-json.ts';
import type { AppEnv, RunDeps } from '../run.ts';
import { type BatchList, BatchListQuery, BatchRequest } from '../schemas/batches.ts';
import { toList } from '../schemas/lists.ts';
import { write } from '../storage/write.ts';
import { findFile } from './files.ts';

type BatchContext = Context<AppEnv, '/:id'>;

const WINDOW_SECONDS = 24 * 60 * 60;
const MAX_INPUT_BYTES = 200 << 20; // OpenAI's

export const createBatch = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const { storage, now, newId } = deps;
  const request = parse(BatchRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const { input_file_id, endpoint, completion_window } = request;
  const file = await findFile(deps, input_file_id, 'input_file_id');
  if (file.purpose !== 'batch') throw invalidFile(`has the purpose ${file.purpose}, not batch`);
  if (file.bytes > MAX_INPUT_BYTES) throw invalidFile(`is larger than ${MAX_INPUT_BYTES} bytes`);

  const created = Math.floor(now() / 1000);
  const stored: StoredBatch = {
    batch: {
      id: `batch_${newId()}`,
      object: 'batch',
      endpoint,
      input_file_id,
      completion_window,
      status: 'validating',
      created_at: created,
      expires_at: created + WINDOW_SECONDS,
      request_counts: { total: 0, completed: 0, failed: 0 },
      usage: {
        input_tokens: 0,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 0,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 0,
      },
      metadata: request.metadata ?? {},
    },
    done: { number: 0, end: 0 },
    doneAhead: [],
    output: { id: `file-${newId()}`, bytes: 0 },
    errors: { id: `file-${newId()}`, bytes: 0 },
    ...(c.var.access.key && { caller: c.var.access.key.id }),
    ...(request.output_expires_after && { filesLive: request.output_expires_after.seconds }),
  };
  const { id } = stored.batch;
  await write(storage, [
    { type: 'put', ...batchKey(id), value: JSON.stringify(stored) },
    { type: 'put', ...openKey(id), value: '' },
  ]);
  await deps.wakeBatches();
  return c.json(stored.batch);
};

export const listBatches =
  ({ storage }: RunDeps) =>
  async (c: Context<AppEnv>) => {
    const page = parse(BatchListQuery, c.req.query());
    const found = await storage.list('batch', { ...page, order: 'desc' });
    if (found === undefined) throw new NotFoundError('batch', page.after!, 'after');
    const batches = found.records.map(({ value }) => (JSON.parse(value) as StoredBatch).batch);
    return c.json(toList(batches, found.hasMore) satisfies BatchList);
  };

export const retrieveBatch =
  ({ storage }: RunDeps) =>
  async (c: BatchContext) =>
    c.json((await findBatch(storage, c.req.param('id'))).batch);

/** Lines that are being computed may still end; then it is cancelled. */
export const cancelBatch = (deps: RunDeps) => async (c: BatchContext) => {
  const cancelling_at = Math.floor(deps.now() / 1000);
  const { batch } = await updateBatch(deps.storage, c.req.param('id'), (stored) => {
    const { status } = stored.batch;
    if (status === 'cancelling') return { stored };
    if (status !== 'validating' && status !== 'in_progress')
      throw new InvalidRequestError(
        'invalid_value',
        'id',
        `id: a batch that is ${status} cannot be cancelled`,
      );
    return { stored: { ...stored, batch: { ...stored.batch, status: 'cancelling', cancelling_at } } };
  });
  await deps.wakeBatches();
  return c.json(batch);
};

function invalidFile(why: string): InvalidRequestError {
  return new InvalidRequestError('invalid_value', 'input_file_id', `input_file_id: the file ${why}`);
}
