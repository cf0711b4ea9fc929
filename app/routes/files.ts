import type { Context } from 'hono';
import { InvalidRequestError, NotFoundError } from '../errors.ts';
import { keepFile } from '../files.ts';
import { type FormPart, readForm } from '../multipart.ts';
import { parse } from '../parse.ts';
import type { AppEnv, RunDeps } from '../run.ts';
import {
  type FileDeleted,
  type FileList,
  FileListQuery,
  type FileObject,
  FileRequest,
} from '../schemas/files.ts';
import { toList } from '../schemas/lists.ts';
import { contentKey, readContent, writeContent } from '../storage/content.ts';
import { write } from '../storage/write.ts';

type FileContext = Context<AppEnv, '/:id'>;

const MAX_FILE_BYTES = 512 << 20; // OpenAI's limit; the storage's own may be less
const FORM_BYTES = 64 << 10; // for boundaries, headers and the other fields
const MAX_FIELD_LENGTH = 1024;
const MAX_FILENAME = 512;
const BATCH_FILES_LIVE = 30 * 24 * 60 * 60; // seconds

/** Keeps the file while it comes; whatever is wrong with the form, nothing of it stays. */
export const uploadFile = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const { storage, now, newId } = deps;
  const id = `file-${newId()}`;
  const nowMs = now();
  let filename: string | undefined;
  let bytes = 0;
  const fields = new Map<string, string>();
  try {
    for await (const part of readForm(c.req.raw, MAX_FILE_BYTES + FORM_BYTES)) {
      if (fields.has(part.name)) throw invalid(part.name, 'given twice');
      if (part.name !== 'file') {
        fields.set(part.name, await readField(part));
        continue;
      }
      filename = nameOf(part);
      fields.set('file', filename);
      bytes = await writeContent(storage, part.bytes, { id, maxBytes: MAX_FILE_BYTES, nowMs });
    }
    const { purpose, expires_after } = parse(FileRequest, nest(fields));
    const created = Math.floor(nowMs / 1000);
    const lives = expires_after?.seconds ?? (purpose === 'batch' ? BATCH_FILES_LIVE : undefined);
    const file: FileObject = {
      id,
      object: 'file',
      bytes,
      created_at: created,
      ...(lives === undefined ? {} : { expires_at: created + lives }),
      filename: filename!,
      purpose,
      status: 'processed',
    };
    await write(storage, keepFile(file));
    return c.json(file);
  } catch (error) {
    if (filename !== undefined) await storage.write([{ type: 'delete', ...contentKey(id) }]);
    throw error;
  }
};

export const listFiles =
  ({ storage }: RunDeps) =>
  async (c: Context<AppEnv>) => {
    const { purpose, ...page } = parse(FileListQuery, c.req.query());
    const found = await storage.list('file', {
      ...page,
      ...(purpose === undefined ? {} : { scope: purpose }),
    });
    if (found === undefined) throw new NotFoundError('file', page.after!, 'after');
    const files = found.records.map(({ value }) => JSON.parse(value) as FileObject);
    return c.json(toList(files, found.hasMore) satisfies FileList);
  };

export const retrieveFile = (deps: RunDeps) => async (c: FileContext) =>
  c.json(await findFile(deps, c.req.param('id')));

export const retrieveContent = (deps: RunDeps) => async (c: FileContext) => {
  const { id, bytes } = await findFile(deps, c.req.param('id'));
  return new Response(toStream(readContent(deps.storage, id)), {
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(bytes),
      'x-content-type-options': 'nosniff', // a file is anyone's: no browser may run it
    },
  });
};

export const deleteFile = (deps: RunDeps) => async (c: FileContext) => {
  const { id } = await findFile(deps, c.req.param('id'));
  await write(deps.storage, [
    { type: 'delete', kind: 'file', id },
    { type: 'delete', ...contentKey(id) },
  ]);
  return c.json({ id, object: 'file', deleted: true } satisfies FileDeleted);
};

/** Throws NotFoundError. */
export async function findFile(
  { storage }: Pick<RunDeps, 'storage'>,
  id: string,
  param?: string,
): Promise<FileObject> {
  const record = await storage.get({ kind: 'file', id });
  if (record === undefined) throw new NotFoundError('file', id, param);
  return JSON.parse(record.value) as FileObject;
}

function invalid(field: string, why: string): InvalidRequestError {
  return new InvalidRequestError('invalid_value', field, `${field}: ${why}`);
}

function nameOf({ filename }: FormPart): string {
  if (filename === undefined) throw invalid('file', 'must be a file');
  if (filename.length > MAX_FILENAME)
    throw invalid('file', `its name is longer than ${MAX_FILENAME} characters`);
  return filename;
}

async function readField({ name, bytes }: FormPart): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of bytes) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_FIELD_LENGTH) throw invalid(name, `longer than ${MAX_FIELD_LENGTH} characters`);
  }
  return text;
}

/** `expires_after[seconds]` is a field of a field. */
function nest(fields: ReadonlyMap<string, string>): Record<string, unknown> {
  const inner = /^expires_after\[(\w+)\]$/;
  const flat = [...fields].filter(([name]) => !inner.test(name));
  const nested = [...fields].flatMap(([name, value]) => {
    const [, key] = inner.exec(name) ?? [];
    return key === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries([
    ...flat,
    ...(nested.length === 0 ? [] : [['expires_after', Object.fromEntries(nested)] as const]),
  ]);
}

/** Pulled, not pushed: nothing is read before the client wants it. */
function toStream(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
