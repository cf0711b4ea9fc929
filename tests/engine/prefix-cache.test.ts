import { describe, expect, test } from 'vitest';
import type { CompletionRequest, Engine } from '../../engine/engine.ts';
import { ask, type LocalSetup, localSetup, never, readAll, request } from '../support/local-engine.ts';
import { greedy } from '../support/sampling.ts';
import { babble } from '../support/scripted-llama.ts';

const MIB = 2 ** 20; // the scripted device counts a byte a position: more than any test fills
const setup = (options = {}, limits = {}) =>
  localSetup({ script: babble, ...options }, { prefixCacheBytes: MIB, ...limits });

const fresh = async (asked: CompletionRequest) =>
  (await ask(localSetup({ script: babble }).engine, asked)).text;

/** A prompt of `length` tokens, bos among them, that has only bos in common with another letter's. */
const prompt = (letter: string, length: number) => letter.repeat(length - 1);

/** Asks, and expects the text that an engine without a past gives. */
async function say(engine: Engine, text: string, maxTokens = 8): Promise<{ text: string; cached: number }> {
  const asked = request(text, { maxTokens });
  const reply = await ask(engine, asked);
  expect(reply.text).toBe(await fresh(asked));
  return { text: reply.text, cached: reply.done.usage.cachedTokens };
}

const cached = async (engine: Engine, text: string) => (await say(engine, text)).cached;

const positionsRead = ({ llama }: LocalSetup, sinceBatch: number) =>
  llama.batches.slice(sinceBatch).flatMap((batch) => batch.map(({ from, count }) => [from, count]));

describe('a request after another', () => {
  test("reads only what is new of a conversation's next turn", async () => {
    const local = setup();
    const first = prompt('a', 40);
    const { text } = await say(local.engine, first);
    const before = local.llama.batches.length;

    const next = `${first}${text}, and then?`;
    expect((await say(local.engine, next, 2)).cached).toBe(47); // the reply's last token was never computed
    expect(positionsRead(local, before)).toEqual([
      [47, 12],
      [59, 1],
    ]);
    expect(local.engine.stats()).toMatchObject({ prefixQueries: 40 + 59, prefixHits: 47 });
  });

  test('computes the last token of a prompt it knows whole', async () => {
    const local = setup();
    await say(local.engine, prompt('a', 40));
    const before = local.llama.batches.length;
    expect(await cached(local.engine, prompt('a', 40))).toBe(39);
    expect(positionsRead(local, before)[0]).toEqual([39, 1]);
    expect(await cached(local.engine, prompt('a', 30))).toBe(29);
  });

  test('begins where the two part', async () => {
    const { engine } = setup();
    await say(engine, `${prompt('a', 40)}xyz`);
    expect(await cached(engine, `${prompt('a', 40)}xzz`)).toBe(41);
    expect(await cached(engine, `${prompt('a', 20)}bcd`)).toBe(20);
  });

  test('takes no bos for a conversation', async () => {
    const { engine } = setup();
    await say(engine, prompt('a', 40));
    expect(await cached(engine, prompt('b', 40))).toBe(0);
    expect(await cached(engine, prompt('a', 16))).toBe(0); // 15 without its last token
  });

  test('keeps two conversations apart, turn by turn and at once', async () => {
    const { engine, llama } = setup();
    const history = ['a', 'b'].map((letter) => prompt(letter, 50));
    for (let turn = 0; turn < 4; turn++) {
      const replies = await Promise.all(history.map((text) => say(engine, text, 10)));
      for (const [i, { text, cached }] of replies.entries()) {
        expect(cached).toBe(turn === 0 ? 0 : history[i]!.length - 2); // bos, less the last of the reply, and of '?!'
        history[i] += `${text}?!`;
      }
    }
    expect(llama.cachesAlive).toBe(2); // each turn's has all that the one before had
  });

  test('begins from a reply that is still being made', async () => {
    const { engine, llama } = setup();
    const system = prompt('s', 100);
    const speaking = await engine.start(request(`${system}one`, { maxTokens: 60 }), never());
    const reader = speaking.parts[Symbol.asyncIterator]();
    await reader.next();
    expect(await cached(engine, `${system}two`)).toBe(100);
    expect(llama.cachesAlive).toBe(2); // the one that speaks, and what the second left
    expect((await readAll({ [Symbol.asyncIterator]: () => reader })).text).toHaveLength(59);
  });

  test('begins from nothing when the budget is 0', async () => {
    const { engine, llama } = setup({}, { prefixCacheBytes: 0 });
    const speaking = await engine.start(request(prompt('a', 40), { maxTokens: 30 }), never());
    const reader = speaking.parts[Symbol.asyncIterator]();
    await reader.next();
    expect(await cached(engine, prompt('a', 40))).toBe(0);
    await reader.return!();
    expect(await cached(engine, prompt('a', 40))).toBe(0);
    expect(llama.cachesAlive).toBe(0);
  });

  test('draws the same tokens with the same seed', async () => {
    const { engine } = setup();
    const asked = request(prompt('a', 40), {
      maxTokens: 30,
      sampling: { ...greedy, temperature: 20, repetitionPenalty: 1.2, seed: 7 },
    });
    const first = await ask(engine, asked);
    const second = await ask(engine, asked);
    expect([first.text, second.text]).toEqual([await fresh(asked), first.text]);
    expect(second.done.usage.cachedTokens).toBe(39);
  });
});

describe('requests that come together', () => {
  const together = async ({ engine }: LocalSetup, texts: readonly string[]) => {
    const asked = texts.map((text, i) =>
      request(text, { maxTokens: 4, sampling: { ...greedy, temperature: 20, seed: i } }),
    );
    const started = [];
    for (const one of asked) started.push(await engine.start(one, never()));
    const replies = await Promise.all(started.map(({ parts }) => readAll(parts)));
    for (const [i, { text }] of replies.entries()) expect(text).toBe(await fresh(asked[i]!));
    return replies.map(({ done }) => done.usage.cachedTokens);
  };

  test('read a prompt they have in common once', async () => {
    const local = setup();
    expect(await together(local, Array<string>(4).fill(prompt('a', 100)))).toEqual([0, 99, 99, 99]);
    expect(local.engine.stats().promptTokens).toBe(100 + 3);
    expect(local.llama.batches[0]).toHaveLength(1);
  });

  test('wait for what they have in common, and no longer', async () => {
    const local = setup();
    const system = prompt('s', 40);
    const cachedTokens = await together(local, [`${system}${'x'.repeat(160)}`, `${system}yz`]);
    expect(cachedTokens).toEqual([0, 40]);
    const [spans] = local.llama.batches.slice(3);
    expect(spans!.map(({ from }) => from)).toEqual([48, 40]); // the first is still being read
  });

  test('do not wait for strangers, whose places they keep free', async () => {
    const local = setup({}, { running: 3 });
    const texts = [prompt('a', 60), prompt('a', 60), prompt('b', 60), prompt('c', 60)];
    expect(await together(local, texts)).toEqual([0, 59, 0, 0]);
    expect(local.llama.batches[0]!.map(({ cache }) => cache)).toEqual([0, 1]); // a and b: the second a has the third place
  });

  test('go on when the one they wait for leaves', async () => {
    const { engine } = setup();
    const first = (await engine.start(request(prompt('a', 90), { maxTokens: 4 }), never())).parts;
    const second = await engine.start(request(prompt('a', 90), { maxTokens: 4 }), never());
    const reader = first[Symbol.asyncIterator]();
    const asked = reader.next();
    await reader.return!();
    await asked;
    expect((await readAll(second.parts)).text).toHaveLength(4);
  });

  test('begin at once when nothing is kept, or each token of the prompt is to be weighed', async () => {
    const bare = setup({}, { prefixCacheBytes: 0 });
    expect(await together(bare, [prompt('a', 60), prompt('a', 60)])).toEqual([0, 0]);
    expect(bare.llama.batches[0]).toHaveLength(2);

    const { engine } = setup();
    const asked = request(prompt('a', 60), { maxTokens: 1, echo: true, logprobs: 0 });
    const both = [await engine.start(asked, never()), await engine.start(asked, never())];
    expect(engine.stats().running).toBe(2);
    await Promise.all(both.map(({ parts }) => readAll(parts)));
    expect(engine.stats().promptTokens).toBe(120);
  });

  test('cost nobody a place while they are held', async () => {
    const { engine, clock } = setup({}, { running: 3, stalledMs: 1000, prefillChunk: 4 });
    const quiet = await engine.start(request('q', { maxTokens: 9 }), never());
    clock.ms = 1001; // it asks for nothing
    const replies = await Promise.all(
      [1, 2].map(() => engine.start(request(prompt('a', 60), { maxTokens: 2 }), never())),
    );
    await Promise.all(replies.map(({ parts }) => readAll(parts)));
    expect((await readAll(quiet.parts)).text).toHaveLength(9);
  });
});

describe('what is kept', () => {
  test('is what was computed, when the reader leaves while the prompt is read', async () => {
    const { engine, llama } = setup({}, { prefillChunk: 20 });
    const leaving = await engine.start(request(prompt('a', 90), { maxTokens: 5 }), never());
    const reader = leaving.parts[Symbol.asyncIterator]();
    const asked = reader.next();
    while (llama.batches.length < 3) await new Promise((resolve) => setImmediate(resolve));
    await reader.return!();
    await asked;
    const computed = llama.batches.length * 20;
    expect(computed).toBeLessThan(90);
    expect(await cached(engine, prompt('a', 90))).toBe(computed);
  });

  test('is what was computed, when the reader leaves during a step', async () => {
    const { engine, llama } = setup();
    const controller = new AbortController();
    const gate = Promise.withResolvers<void>();
    const leaving = await engine.start(request(prompt('a', 16), { maxTokens: 9 }), controller.signal);
    llama.beforeRead = () => gate.promise;
    const reply = readAll(leaving.parts);
    while (llama.batches.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    gate.resolve();
    await expect(reply).rejects.toMatchObject({ name: 'AbortError' });
    expect(await cached(engine, prompt('a', 40))).toBe(16);
  });

  test('is nothing of a reply that failed', async () => {
    const { engine, llama } = setup();
    const failing = await engine.start(request(prompt('a', 40), { maxTokens: 5 }), never());
    const reader = failing.parts[Symbol.asyncIterator]();
    await reader.next();
    llama.failNext = new Error('the device is on fire');
    await expect(reader.next()).rejects.toThrow('the device is on fire');
    expect(llama.cachesAlive).toBe(0);
    expect(await cached(engine, prompt('a', 40))).toBe(0);
  });

  test('is no longer than what it holds', async () => {
    const { engine } = setup();
    await say(engine, prompt('a', 40), 2000);
    expect(engine.stats().deviceBytes).toBe(2048);
    await say(engine, prompt('b', 40), 20);
    expect(engine.stats().deviceBytes).toBe(2048 + 256);
  });

  test('is held once, however often it is said again', async () => {
    const { engine } = setup();
    for (let i = 0; i < 3; i++) await say(engine, prompt('a', 40));
    await say(engine, prompt('a', 30), 1);
    expect(engine.stats().deviceBytes).toBe(256);
  });

  test('stays within the budget: the least recently used goes', async () => {
    const { engine } = setup({}, { prefixCacheBytes: 600 }); // two of 256 positions
    await say(engine, prompt('a', 40));
    await say(engine, prompt('b', 40));
    expect((await say(engine, prompt('a', 40), 1)).cached).toBe(39); // and is the most recent now
    await say(engine, prompt('c', 40));
    expect(engine.stats().deviceBytes).toBe(512);
    const found = [];
    for (const letter of ['a', 'c', 'b']) found.push((await say(engine, prompt(letter, 40), 1)).cached);
    expect(found).toEqual([39, 39, 0]);
  });

  test('is the beginning of what the budget cannot hold', async () => {
    const { engine } = setup({}, { prefixCacheBytes: 100 });
    await say(engine, prompt('a', 150));
    expect(engine.stats().deviceBytes).toBe(100);
    expect(await cached(engine, prompt('a', 150))).toBe(100);
  });

  test('gives way to a request that needs the room, its own past last of all', async () => {
    const { engine } = setup({ room: 1024 });
    for (const letter of ['a', 'b', 'c']) await say(engine, prompt(letter, 40));
    expect(engine.stats().deviceBytes).toBe(768);

    const asked = request(prompt('a', 40), { maxTokens: 700 });
    const { text, done } = await ask(engine, asked); // 768 positions: b and c go
    expect(text).toBe(await fresh(asked));
    expect(done.usage.cachedTokens).toBe(39);

    for (const letter of ['a', 'b']) await say(engine, prompt(letter, 40));
    expect((await say(engine, prompt('d', 40), 980)).cached).toBe(0); // all of them
  });

  test('never makes a request fail that would do without', async () => {
    const { engine } = setup({ room: 600 });
    await say(engine, prompt('a', 40));
    await say(engine, prompt('b', 40));
    await expect(engine.start(request('x', { maxTokens: 700 }), never())).rejects.toThrow('600 are free');
    const both = ['c', 'd'].map((letter) => say(engine, prompt(letter, 40), 200));
    await Promise.all(both);
  });
});
