/** Keys and limits at the real doors, the model a recital. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { openNode } from '../support/node-door.ts';
import { bearer, testKey } from '../support/test-keys.ts';
import { openWorkerd } from '../support/workerd-door.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cria-access-'));
});
afterAll(() => rm(folder, { recursive: true }));

const keysText = (...keys: readonly ReturnType<typeof testKey>[]) => JSON.stringify({ keys });

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

function chat(
  url: URL,
  id: string,
  { content = 'Hello.', ...fields }: Record<string, unknown> = {},
  init: RequestInit = {},
) {
  return checkedFetch(new URL('/v1/chat/completions', url), {
    method: 'POST',
    headers: bearer(id),
    body: JSON.stringify({ model: CATALOGUE[0]!.id, messages: [{ role: 'user', content }], ...fields }),
    ...init,
  });
}

const LIMITED = keysText(
  testKey('few', { limits: { requestsPerMinute: 20 } }),
  testKey('one', { limits: { concurrency: 1 } }),
  testKey('short', { limits: { tokensPerMinute: 2_000 } }),
  testKey('other', { models: ['another/Model'] }),
);

describe.each([
  { door: 'node', start: openNode },
  { door: 'workerd', start: openWorkerd },
])('at the $door door', ({ start }) => {
  test('keys let in, limits are exact, and places are given back', async () => {
    const lines: string[] = [];
    await using door = await start({
      recital: true,
      vars: { CRIA_KEYS: LIMITED },
      onLog: (line) => lines.push(line),
    });
    const { url } = door;
    const statusOf = async (reply: Promise<Response>) => (await reply).status;

    expect(await statusOf(checkedFetch(new URL('/v1/models', url)))).toBe(401);
    expect(await statusOf(checkedFetch(new URL('/v1/health', url)))).toBe(200);
    expect(await statusOf(checkedFetch(new URL('/metrics', url)))).toBe(401);
    expect((await fetch(url)).status).toBe(200); // the page
    expect(await statusOf(chat(url, 'eve'))).toBe(401);
    expect(await statusOf(chat(url, 'other'))).toBe(403);

    const replies = await Promise.all(Array.from({ length: 40 }, () => chat(url, 'few', { n: 0 })));
    const granted = replies.filter(({ status }) => status === 400).length; // a request like any other
    expect(granted).toBeGreaterThanOrEqual(20);
    expect(granted).toBeLessThanOrEqual(21); // one may have grown back meanwhile
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(40 - granted);

    const left = new AbortController();
    const long = { content: 'word '.repeat(700), stream: true };
    const stream = await chat(url, 'one', long, { signal: left.signal });
    await stream.body!.getReader().read();
    expect(await statusOf(chat(url, 'one'))).toBe(429);
    left.abort();
    await expect.poll(() => statusOf(chat(url, 'one')), { timeout: 20_000, interval: 250 }).toBe(200);
    expect(await (await chat(url, 'one', { stream: true })).text()).toContain('[DONE]');
    expect(await statusOf(chat(url, 'one'))).toBe(200);

    const reply = await chat(url, 'short', { max_tokens: 100 });
    expect(reply.headers.get('x-ratelimit-limit-tokens')).toBe('2000');
    const next = await chat(url, 'short', { max_tokens: 100 });
    expect(Number(next.headers.get('x-ratelimit-remaining-tokens'))).toBeGreaterThan(1_700); // little was used of the first
    expect(await statusOf(chat(url, 'short', { max_tokens: 3_000 }))).toBe(429);
    expect(lines.join('\n')).not.toContain('secret-of');
  });
});

describe('a keys file changes without a restart', () => {
  const isIn = (url: URL, id: string) => async () =>
    (await checkedFetch(new URL('/v1/models', url), { headers: bearer(id) })).status;

  async function rotate(url: URL, path: string): Promise<void> {
    expect(await isIn(url, 'old')()).toBe(200);
    await replaceFile(path, keysText(testKey('old'), testKey('new')));
    await expect.poll(isIn(url, 'new'), { timeout: 30_000, interval: 250 }).toBe(200);
    expect(await isIn(url, 'old')()).toBe(200);
    await replaceFile(path, keysText(testKey('new')));
    await expect.poll(isIn(url, 'old'), { timeout: 30_000, interval: 250 }).toBe(401);
    expect(await isIn(url, 'new')()).toBe(200);
  }

  test('at the node door', async () => {
    const path = join(folder, 'node-keys.json');
    await writeFile(path, keysText(testKey('old')));
    await using door = await openNode({ recital: true, vars: { CRIA_KEYS_FILE: path } });
    await rotate(door.url, path);
    await replaceFile(path, '{'); // broken: who was known comes in
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await isIn(door.url, 'new')()).toBe(200);
  });

  test('at the workerd door', async () => {
    const path = join(folder, 'edge-keys.json');
    await writeFile(path, keysText(testKey('old')));
    await using door = await openWorkerd({ recital: true, vars: { CRIA_KEYS_FILE: path } });
    await rotate(door.url, path);
  });
});
