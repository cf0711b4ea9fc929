/** Nothing that a client says, is told or lets itself in with is in what a real server writes: whatever happens. */
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { excerpt, MARK, markedHeaders, markedRequests } from '../support/marked-requests.ts';
import { openNode } from '../support/node-door.ts';
import { openWorkerd } from '../support/workerd-door.ts';

const KEY = `cria_${MARK}_key_of_the_client`;
const headers = { ...markedHeaders, authorization: `Bearer ${KEY}` };

test.each([
  { door: 'node', open: openNode },
  { door: 'workerd', open: openWorkerd },
])('$door', async ({ open }) => {
  const lines: string[] = [];
  const vars = { CRIA_KEYS: KEY, CRIA_SLOW: '1' };
  {
    await using server = await open({ recital: true, vars, onLog: (line) => lines.push(line) });
    const ask = (path: string, init: RequestInit) => fetch(new URL(path, server.url), { headers, ...init });
    const chat = (content: string, fields: object = {}) =>
      ask('/v1/chat/completions', {
        method: 'POST',
        body: JSON.stringify({
          model: CATALOGUE[0]!.id,
          messages: [{ role: 'user', content }],
          ...fields,
        }),
      });

    const statuses = new Set<number>();
    for (const { method, path, body } of markedRequests()) {
      const reply = await ask(path, { method, ...(body ? { body } : {}) });
      await reply.text();
      statuses.add(reply.status);
    }
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 404]));

    expect((await ask('/v1/models', { headers: markedHeaders })).status).toBe(401);
    expect(await (await chat(`{fail}\n${MARK}`)).text()).not.toContain('device');
    expect(await (await chat(`{fail}\n${MARK}`, { stream: true })).text()).not.toContain('device');
    const upload = await ask('/v1/files', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'multipart/form-data; boundary=a' },
      body: `--a\r\ncontent-disposition: form-data; name="file"; filename="${MARK}"\r\n\r\n${MARK}`,
    });
    expect(upload.status).toBe(400);
    const leaving = new AbortController();
    const left = await chat(`${MARK} ${'word '.repeat(500)}`, { stream: true }); // and leaves
    await left.body!.getReader().read();
    leaving.abort();
    await left.body!.cancel().catch(() => {});
  }

  const all = lines.join('\n');
  expect(all).toContain('the device is lost'); // it was written down what went wrong
  expect(lines.filter((line) => line.includes('"event":"completion"')).length).toBeGreaterThan(5);
  expect(all.includes(MARK), excerpt(all)).toBe(false);
});
