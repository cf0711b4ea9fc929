/** A guard beside the model, at the real doors. Its weights are random ones of its vocabulary, so it may judge nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LLAMA_1B } from '../../bench/llama-1b-layout.ts';
import { CATALOGUE } from '../../models/catalogue.ts';
import { checkedFetch } from '../support/check-reply.ts';
import { openNode } from '../support/node-door.ts';
import { randomLlama } from '../support/random-llama.ts';
import { openWorkerd } from '../support/workerd-door.ts';

const NAME = 'llama-guard-3-1b-q8_0';
const SHAPE = { ...LLAMA_1B, layers: 1, hidden: 64, ffn: 64, heads: 2, kvHeads: 1, headDim: 32 };

let folder: string;
let guard: { readonly name: string; readonly path: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cria-guard-'));
  guard = { name: NAME, path: join(folder, 'Llama-Guard-3-1B.Q8_0.gguf') };
  await writeFile(guard.path, randomLlama(SHAPE, { type: 'q8_0', embedding: 'q8_0' }));
});
afterAll(() => rm(folder, { recursive: true }));

const chat = (url: URL) =>
  checkedFetch(new URL('/v1/chat/completions', url), {
    method: 'POST',
    body: JSON.stringify({ model: CATALOGUE[0]!.id, messages: [{ role: 'user', content: 'Hello.' }] }),
  });

describe.each([
  { door: 'node', start: openNode },
  { door: 'workerd', start: openWorkerd },
])('behind the $door door', ({ start }) => {
  test('a guard is listed, loaded when it is asked, and refused for its random weights', async () => {
    await using door = await start({
      recital: true,
      guard,
      vars: { CRIA_GUARD: NAME, CRIA_GUARD_EXCLUDE: 'S6' },
    });
    const get = async (path: string) => (await checkedFetch(new URL(path, door.url))).json();
    const { data } = (await get('/v1/shields')) as { data: { identifier: string; params: object }[] };
    expect(data).toMatchObject([
      {
        identifier: 'meta-llama/Llama-Guard-3-1B:Q8_0',
        params: { threshold: 0.5, excluded_categories: ['S6'] },
      },
    ]);

    const moderate = (input: string) =>
      checkedFetch(new URL('/v1/moderations', door.url), { method: 'POST', body: JSON.stringify({ input }) });
    const response = await moderate('hello');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: 'guard_unfit' } });
    expect((await moderate('hello')).status).toBe(503);
    expect((await chat(door.url)).status).toBe(200); // conversations are not judged
    expect(await get('/v1/health')).toMatchObject({ status: 'OK' }); // the model serves on
  });

  test('conversations that it should judge do not pass', async () => {
    const vars = { CRIA_GUARD: NAME, CRIA_GUARD_JUDGE: 'both' };
    await using door = await start({ recital: true, guard, vars });
    const response = await chat(door.url);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('guard_unfit');
  });
});
