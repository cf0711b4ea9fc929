import { createHash } from 'node:crypto';
import OpenAI, { NotFoundError, toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import { START_MS, testApp } from '../support/test-app.ts';

const LINES = '{"custom_id":"a"}\n';

function connect(options: Parameters<typeof testApp>[1] = {}) {
  const made = testApp({}, options);
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://localhost/v1',
    maxRetries: 0,
    fetch: async (url, init) => made.app.request(url as string, init),
  });
  const post = async (form: FormData) => {
    const written = new Response(form); // undici's own stream of a form cannot be broken off
    const { headers } = written;
    return made.app.request('/v1/files', { method: 'POST', headers, body: await written.arrayBuffer() });
  };
  const kept = async () => {
    const pages = await Promise.all(
      (['file', 'content'] as const).map((kind) => made.storage.list(kind, { limit: 100, order: 'asc' })),
    );
    return pages.map((page) => page!.records.length);
  };
  return { ...made, files: client.files, post, kept };
}

const upload = (text: string | Uint8Array<ArrayBuffer>, name = 'lines.jsonl') =>
  toFile(new Blob([text]), name);

describe('a file', () => {
  test('is kept, described, read, listed and deleted', async () => {
    const { files } = connect();
    const made = await files.create({ file: await upload(LINES), purpose: 'batch' });
    const created = Math.floor(START_MS / 1000);
    expect(made).toMatchObject({
      object: 'file',
      bytes: LINES.length,
      created_at: created,
      expires_at: created + 30 * 24 * 3600,
      filename: 'lines.jsonl',
      purpose: 'batch',
      status: 'processed',
    });
    expect(made.id).toMatch(/^file-./);
    expect(await files.retrieve(made.id)).toEqual(made);
    const content = await files.content(made.id);
    expect(content.headers.get('content-length')).toBe(String(LINES.length));
    expect(await content.text()).toBe(LINES);
    expect((await files.list()).data).toEqual([made]);

    expect(await files.delete(made.id)).toEqual({ id: made.id, object: 'file', deleted: true });
    for (const gone of [files.retrieve(made.id), files.content(made.id), files.delete(made.id)])
      await expect(gone).rejects.toThrow(NotFoundError);
    await expect(files.retrieve(made.id)).rejects.toMatchObject({ code: 'not_found', param: 'id' });
    expect((await files.list()).data).toEqual([]);
  });

  test('is the same to the last byte, whatever it holds and however it comes', async () => {
    const bytes = new Uint8Array(700_001);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 2654435761) >>> 13;
    bytes.set(new TextEncoder().encode('\r\n--\r\n\r\n--x'), 1000);
    const { files, app } = connect();
    const made = await files.create({ file: await upload(bytes), purpose: 'user_data' });
    expect(made.expires_at).toBeUndefined();
    const back = new Uint8Array(await (await app.request(`/v1/files/${made.id}/content`)).arrayBuffer());
    const hash = (of: Uint8Array) => createHash('sha256').update(of).digest('hex');
    expect(hash(back)).toBe(hash(bytes));
  });

  test('may be empty, and have a name with anything in it', async () => {
    const { files } = connect();
    const made = await files.create({ file: await upload('', 'é "x"\n;.txt'), purpose: 'assistants' });
    expect(made).toMatchObject({ bytes: 0, filename: 'é "x"\n;.txt' });
    expect(await (await files.content(made.id)).text()).toBe('');
  });

  test('expires when it was told to, and its bytes with it', async () => {
    const { files, clock, storage } = connect();
    const made = await files.create({
      file: await upload(LINES),
      purpose: 'user_data',
      expires_after: { anchor: 'created_at', seconds: 3600 },
    });
    expect(made.expires_at).toBe(made.created_at + 3600);
    clock.ms = made.expires_at! * 1000 - 1;
    await files.retrieve(made.id);
    clock.ms += 1;
    await expect(files.retrieve(made.id)).rejects.toThrow(NotFoundError);
    expect(await storage.read({ kind: 'content', id: made.id }, 0)).toBeUndefined();
  });

  test('lives on after the hour that an unfinished upload has', async () => {
    const { files, clock } = connect();
    const made = await files.create({ file: await upload(LINES), purpose: 'user_data' });
    clock.ms += 1e12;
    expect(await (await files.content(made.id)).text()).toBe(LINES);
  });
});

describe('a list of files', () => {
  test('goes both ways, in pages, by purpose', async () => {
    const { files } = connect();
    const made = [];
    for (const purpose of ['batch', 'user_data', 'batch'] as const)
      made.push(await files.create({ file: await upload(purpose), purpose }));
    const [a, b, c] = made.map(({ id }) => id);
    const ids = async (query: object) => {
      const list = [];
      for await (const { id } of files.list(query)) list.push(id);
      return list;
    };
    expect(await ids({})).toEqual([c, b, a]);
    expect(await ids({ limit: 1 })).toEqual([c, b, a]); // three pages
    expect(await ids({ order: 'asc', after: a })).toEqual([b, c]);
    expect(await ids({ purpose: 'batch' })).toEqual([c, a]);
    expect((await files.list({ limit: 2 })).has_more).toBe(true);
  });

  test.each([
    ['limit=0', 'limit', 400],
    ['limit=10001', 'limit', 400],
    ['limit=x', 'limit', 400],
    ['order=up', 'order', 400],
    ['before=x', 'before', 400],
    ['after=nothing', 'after', 404],
  ])('refuses ?%s', async (query, param, status) => {
    const reply = await connect().app.request(`/v1/files?${query}`);
    expect(reply.status).toBe(status);
    expect((await reply.json()).error.param).toBe(param);
  });
});

describe('an upload that is refused leaves nothing', () => {
  const form = (fields: Record<string, string | Blob>) => {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    return data;
  };
  const file = new Blob([LINES]);

  test.each([
    [{ file }, 'purpose'],
    [{ file, purpose: 'evals' }, 'purpose'],
    [{ purpose: 'batch' }, 'file'],
    [{ purpose: 'batch', file: 'text' }, 'file'],
    [{ file, purpose: 'batch', colour: 'red' }, 'colour'],
    [{ file, purpose: 'batch', __proto__x: 'red' }, '__proto__x'],
    [{ file, purpose: 'batch', 'expires_after[anchor]': 'created_at' }, 'expires_after.seconds'],
    [
      { file, purpose: 'batch', 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '60' },
      'expires_after.seconds',
    ],
    [{ file, purpose: 'x'.repeat(2000) }, 'purpose'],
  ])('%o', async (fields, param) => {
    const { post, kept } = connect();
    const reply = await post(form(fields as Record<string, string | Blob>));
    expect(reply.status).toBe(400);
    expect((await reply.json()).error.param).toBe(param);
    expect(await kept()).toEqual([0, 0]);
  });

  test('two files', async () => {
    const { post, kept } = connect();
    const data = form({ file, purpose: 'batch' });
    data.append('file', file);
    const reply = await post(data);
    expect([reply.status, (await reply.json()).error.param]).toEqual([400, 'file']);
    expect(await kept()).toEqual([0, 0]);
  });

  /** Its file comes in pieces of 300 kB, and never ends by itself. */
  const endless = (pieces: number, end: (controller: ReadableStreamDefaultController) => void) => {
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n';
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === pieces) end(controller);
        else controller.enqueue(sent++ === 0 ? new TextEncoder().encode(head) : new Uint8Array(300_000));
      },
    });
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    return { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  };

  test('more than the storage may hold', async () => {
    const { app, kept } = connect({ storageBytes: 700_000 });
    const reply = await app.request(
      '/v1/files',
      endless(9, () => {}),
    );
    expect([reply.status, (await reply.json()).error.code]).toEqual([507, 'storage_full']);
    expect(await kept()).toEqual([0, 0]);
  });

  test('larger than a file may be, by what it says of itself', async () => {
    const reply = await connect().app.request('/v1/files', {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x', 'content-length': String(2 ** 30) },
      body: '--x--',
    });
    expect(reply.status).toBe(413);
  });

  test('a connection that breaks', async () => {
    const { app, kept } = connect();
    const reply = await app.request(
      '/v1/files',
      endless(5, (controller) => controller.error(new Error('gone'))),
    );
    expect(reply.status).toBe(500);
    expect(await kept()).toEqual([0, 0]);
  });
});
