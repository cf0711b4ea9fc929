/** A storage that breaks, a disk that is full: what needs none goes on, and all of it when the fault is gone. */
import { expect, test } from 'vitest';
import { createSqlStorage } from '../../../app/storage/sql-storage.ts';
import type { Storage } from '../../../app/storage/storage.ts';
import { openNodeSql } from '../../../lambda/node-sql.ts';
import { MODEL, testApp } from '../../support/test-app.ts';

const ASK = { messages: [{ role: 'user', content: 'Hello.' }] };

function breakable() {
  const whole = createSqlStorage(openNodeSql(':memory:'), { maxBytes: 2 ** 30, now: () => 0 });
  const state = { isBroken: false };
  const guarded =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (state.isBroken) throw new Error('disk I/O error at /var/lib/cria/storage.sqlite');
      return work(...args);
    };
  const storage: Storage = {
    get: guarded(whole.get),
    list: guarded(whole.list),
    read: guarded(whole.read),
    write: guarded(whole.write),
  };
  return { storage, state };
}

test.each([
  { what: 'a list of files', path: '/v1/files', init: {} },
  { what: 'a conversation', path: '/v1/conversations/conv_1', init: {} },
  { what: 'a new conversation', path: '/v1/conversations', init: { method: 'POST', body: '{}' } },
  { what: 'a batch', path: '/v1/batches/batch_1', init: {} },
  { what: 'to-dos', path: '/v1/tasks/todos', init: {} },
  {
    what: 'a response that is kept',
    path: '/v1/responses',
    init: { method: 'POST', body: JSON.stringify({ model: MODEL, input: 'hi' }) },
  },
])('$what is refused while the storage is broken, and served when it is not', async ({ path, init }) => {
  const { storage, state } = breakable();
  const { app, chat, logs } = testApp({}, { storage });
  const before = (await app.request(path, init)).status;

  state.isBroken = true;
  const reply = await app.request(path, init);
  expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '5']);
  const body = await reply.text();
  expect(JSON.parse(body).error.code).toBe('storage_unavailable');
  expect(body).not.toContain('/var/lib'); // that is for the log
  expect(JSON.stringify(logs)).toContain('disk I/O error at /var/lib/cria/storage.sqlite');
  expect((await chat(ASK)).status).toBe(200);
  const unkept = { method: 'POST', body: JSON.stringify({ model: MODEL, input: 'hi', store: false }) };
  expect((await app.request('/v1/responses', unkept)).status).toBe(200);

  state.isBroken = false;
  expect((await app.request(path, init)).status).toBe(before);
});

test('a full disk is 507, nothing is half there, and what is deleted makes room', async () => {
  const sql = openNodeSql(':memory:');
  const storage = createSqlStorage(sql, { maxBytes: 2 ** 30, now: () => 0 });
  const [{ page_count: pages }] = sql.all('pragma page_count') as [{ page_count: number }];
  sql.all(`pragma max_page_count = ${pages + 40}`); // SQLite then says what it says of a full disk
  const { app } = testApp({}, { storage });
  const send = (bytes: number) => {
    const part = (name: string, text: string) =>
      `--x\r\ncontent-disposition: form-data; ${name}\r\n\r\n${text}\r\n`;
    const body = `${part('name="purpose"', 'user_data')}${part('name="file"; filename="x.txt"', 'x'.repeat(bytes))}--x--\r\n`;
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    return app.request('/v1/files', { method: 'POST', headers, body });
  };
  const first = await send(50_000);
  expect(first.status).toBe(200);
  const { id } = (await first.json()) as { id: string };

  const refused = await send(400_000);
  expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([
    507,
    'storage_full',
  ]);
  const { data } = (await (await app.request('/v1/files')).json()) as { data: { id: string }[] };
  expect(data.map((file) => file.id)).toEqual([id]);

  expect((await app.request(`/v1/files/${id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await send(50_000)).status).toBe(200);
});
