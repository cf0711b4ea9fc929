import { describe, expect, test } from 'vitest';
import type { Completion, Engine, Part } from '../../engine/engine.ts';
import { BusyError, OutOfMemoryError, StalledError } from '../../engine/errors.ts';
import { ask, localSetup, never, readAll, request } from '../support/local-engine.ts';
import { greedy } from '../support/sampling.ts';
import { babble, recite } from '../support/scripted-llama.ts';

const start = (engine: Engine, text: string, maxTokens = 8, signal = never()) =>
  engine.start(request(text, { maxTokens }), signal);

const reader = ({ parts }: Completion) => parts[Symbol.asyncIterator]();

async function take(iterator: AsyncIterator<Part>, count: number): Promise<string> {
  let text = '';
  for (let i = 0; i < count; i++) {
    const { value } = await iterator.next();
    text += value.text;
  }
  return text;
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

const idle = { running: 0, waiting: 0, deviceBytes: 0 };

describe('a step', () => {
  test('moves two replies token by token in one pass each', async () => {
    const { engine, llama } = localSetup({ script: babble });
    const both = [await start(engine, 'a'), await start(engine, 'b')];
    await Promise.all(both.map(({ parts }) => readAll(parts)));
    expect(llama.batches.map((batch) => batch.map(({ count }) => count))).toEqual([
      [2, 2],
      ...Array.from({ length: 7 }, () => [1, 1]),
    ]);
  });

  test('moves a reply whose own reader is not asking', async () => {
    const { engine, llama } = localSetup({ script: babble });
    const quiet = await start(engine, 'a', 5);
    await readAll((await start(engine, 'b', 5)).parts);
    const steps = llama.batches.length;
    expect((await readAll(quiet.parts)).text).toHaveLength(5);
    expect(llama.batches.length).toBe(steps);
  });

  test('reads a long prompt in chunks, beside replies that go on speaking', async () => {
    const { engine, llama } = localSetup({ script: babble }, { prefillChunk: 16 });
    const speaking = reader(await start(engine, 'a', 100));
    await take(speaking, 3);
    const before = llama.batches.length;

    const long = await start(engine, 'x'.repeat(79), 4); // and bos: 80 tokens, 5 chunks
    await take(speaking, 6);
    expect(llama.batches.slice(before, before + 6)).toMatchObject(
      [
        ...Array.from({ length: 4 }, (_, i) => [
          { count: 1 },
          { cache: 1, from: 16 * i, count: 16, logits: 'none' },
        ]),
        [
          { cache: 0, count: 1 },
          { cache: 1, from: 64, count: 16, logits: 'last' },
        ],
        [
          { cache: 0, count: 1 },
          { cache: 1, from: 80, count: 1, logits: 'last' },
        ],
      ].map((batch) => batch.map((span) => expect.objectContaining(span))) as never,
    );
    await speaking.return!();
    await readAll(long.parts);
  });

  test('serves all in turn when logit rows are fewer than replies', async () => {
    const { engine, llama } = localSetup({ script: babble, maxLogitRows: 2 });
    const three = await Promise.all(['a', 'b', 'c'].map((text) => start(engine, text, 20)));
    const one = reader(three[0]!);
    await take(one, 10);
    const served = [0, 1, 2].map(
      (cache) => llama.batches.flat().filter((span) => span.cache === cache && span.logits === 'last').length,
    );
    expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(2); // a prompt's end may wait a step, too
    await one.return!();
    await Promise.all(three.slice(1).map(({ parts }) => readAll(parts)));
  });

  test('is shared by those who ask while it is under way', async () => {
    const { engine, llama } = localSetup({ script: babble });
    const readers = [reader(await start(engine, 'a')), reader(await start(engine, 'b'))];
    const gate = Promise.withResolvers<void>();
    llama.beforeRead = () => gate.promise;
    const asked = readers.map((iterator) => iterator.next());
    await turns(3);
    gate.resolve();
    expect(await Promise.all(asked)).toMatchObject([
      { value: { type: 'text' } },
      { value: { type: 'text' } },
    ]);
    expect(llama.batches.length).toBe(1);
    await Promise.all(readers.map((iterator) => iterator.return!()));
  });

  test('gives a reply alone and in company the same text', async () => {
    const requests = Array.from({ length: 12 }, (_, i) =>
      request('p'.repeat(1 + ((i * 7) % 40)), {
        maxTokens: 5 + i,
        sampling: { ...greedy, temperature: i % 3 ? 20 : 0, topP: 0.95, repetitionPenalty: 1.1, seed: i },
      }),
    );
    const alone: string[] = [];
    for (const asked of requests) alone.push((await ask(localSetup({ script: babble }).engine, asked)).text);

    const { engine } = localSetup({ script: babble, maxRows: 8, maxLogitRows: 3 }, { waiting: 12 });
    const together = await Promise.all(requests.map((asked) => ask(engine, asked)));
    expect(together.map(({ text }) => text)).toEqual(alone);
    expect(engine.stats()).toMatchObject(idle);
  });
});

describe('the queue', () => {
  test('serves in order of arrival', async () => {
    const { engine, llama } = localSetup({ script: babble }, { running: 1 });
    const order: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map(async (text) => {
        await readAll((await start(engine, text, 3)).parts);
        order.push(text);
      }),
    );
    expect(order).toEqual(['a', 'b', 'c']);
    expect(llama.cachesAlive).toBe(0);
  });

  test('turns away who finds no place, and says when to come back', async () => {
    const { engine, clock } = localSetup({ script: babble }, { running: 2, waiting: 1, stalledMs: 1e9 });
    const first = await start(engine, 'a');
    clock.ms = 3000;
    await readAll(first.parts); // it took three seconds
    const inside = await Promise.all(['b', 'c', 'd'].map((text) => start(engine, text)));
    expect(engine.stats()).toMatchObject({ running: 2, waiting: 1 });

    const refused = start(engine, 'e');
    await expect(refused).rejects.toThrow(BusyError);
    await expect(refused).rejects.toMatchObject({ code: 'model_busy', retryAfterSeconds: 2 }); // 3 s over two places
    expect(engine.stats()).toMatchObject({ rejected: 1, requests: 4 });
    await Promise.all(inside.map(({ parts }) => readAll(parts)));
    expect(engine.stats()).toMatchObject(idle);
  });

  test('moves on when only those who wait are asking', async () => {
    const { engine } = localSetup({ script: babble }, { running: 1 });
    const quiet = await start(engine, 'a', 20);
    const waiter = await start(engine, 'b', 4);
    expect((await readAll(waiter.parts)).text).toHaveLength(4);
    expect((await readAll(quiet.parts)).text).toHaveLength(20);
  });

  test('waits for memory while another holds it', async () => {
    const { engine, llama } = localSetup({ script: babble, room: 600 });
    const replies = await Promise.all(['a', 'b', 'c'].map((text) => start(engine, text, 200)));
    expect(engine.stats()).toMatchObject({ running: 2, waiting: 1, deviceBytes: 512 });
    for (const { text } of await Promise.all(replies.map(({ parts }) => readAll(parts))))
      expect(text).toHaveLength(200);
    expect(llama.cachesAlive).toBe(0);
  });

  test('refuses at once what could never have the memory', async () => {
    const { engine } = localSetup({ script: babble, room: 600 });
    const refused = start(engine, 'a', 1000);
    await expect(refused).rejects.toThrow(OutOfMemoryError);
    await expect(refused).rejects.toThrow(
      'no room on the device for a sequence of 1002 tokens: 1024 positions, 600 are free',
    );
    expect((await ask(engine, request('b', { maxTokens: 3 }))).text).toHaveLength(3);
  });

  test('waits for memory that a step under way will give back', async () => {
    const { engine, llama } = localSetup({ script: babble, room: 600 });
    const controller = new AbortController();
    const leaving = readAll((await start(engine, 'a', 500, controller.signal)).parts);
    const gate = Promise.withResolvers<void>();
    llama.beforeRead = () => gate.promise;
    await turns(2);
    controller.abort();
    const next = await start(engine, 'b', 500);
    gate.resolve();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    expect((await readAll(next.parts)).text).toHaveLength(500);
  });

  test('fails one that waited for memory it can never have, when the others are gone', async () => {
    const { engine } = localSetup({ script: babble, room: 600 });
    const small = await start(engine, 'a', 100);
    const large = await start(engine, 'b', 1000);
    await readAll(small.parts);
    await expect(readAll(large.parts)).rejects.toThrow(OutOfMemoryError);
    expect(engine.stats()).toMatchObject({ ...idle, failed: 1 });
  });

  test('rounds caches up to 256 positions, within what the model can hold', async () => {
    const { engine } = localSetup({ script: babble, contextLength: 700 });
    const [a, b] = [await start(engine, 'a', 8), await start(engine, 'b', 600)];
    expect(engine.stats().deviceBytes).toBe(256 + 700);
    await Promise.all([readAll(a.parts), readAll(b.parts)]);
  });
});

describe('a reader who leaves', () => {
  const phases = [
    'before the first part',
    'between parts',
    'while its prompt is read',
    'while it waits',
  ] as const;

  for (const phase of phases)
    for (const how of ['return', 'abort'] as const)
      test(`gives everything back: ${how} ${phase}`, async () => {
        const { engine, llama } = localSetup(
          { script: babble },
          { running: phase === 'while it waits' ? 1 : 2 },
        );
        const other = await start(engine, 'other', 30);
        const controller = new AbortController();
        const text = phase === 'while its prompt is read' ? 'x'.repeat(100) : 'x';
        const leaving = reader(await start(engine, text, 30, controller.signal));

        if (phase === 'between parts') await take(leaving, 2);
        let asked: Promise<unknown> = Promise.resolve();
        if (phase.startsWith('while')) {
          asked = leaving.next().catch((error) => error);
          await turns(2);
        }

        if (how === 'abort') controller.abort();
        const returned = how === 'return' ? leaving.return!() : undefined;
        expect(engine.stats()).toMatchObject({ running: 1, waiting: 0, aborted: 1 });
        expect(llama.cachesAlive).toBe(1);

        await returned;
        const last = await asked;
        if (how === 'abort' && phase.startsWith('while')) expect(last).toMatchObject({ name: 'AbortError' });
        if (how === 'abort' && !phase.startsWith('while'))
          await expect(leaving.next()).rejects.toMatchObject({ name: 'AbortError' });
        if (how === 'return') expect((await leaving.next()).done).toBe(true);

        expect((await readAll(other.parts)).text).toHaveLength(30);
        expect(engine.stats()).toMatchObject({ ...idle, aborted: 1, failed: 0 });
      });

  test('frees its cache only when the step that uses it is over', async () => {
    const { engine, llama } = localSetup({ script: babble });
    const controller = new AbortController();
    const leaving = reader(await start(engine, 'a', 8, controller.signal));
    const gate = Promise.withResolvers<void>();
    llama.beforeRead = () => gate.promise;
    const asked = leaving.next().catch((error) => error);
    await turns(2);
    controller.abort();
    expect([llama.cachesAlive, engine.stats().running]).toEqual([1, 0]);
    gate.resolve();
    expect(await asked).toMatchObject({ name: 'AbortError' });
    expect([llama.cachesAlive, engine.stats().completionTokens]).toEqual([0, 0]);
  });

  test('leaves nothing behind when its own event loop fails it', async () => {
    const breathe = () => Promise.reject(new Error('the context is gone'));
    const { engine, llama } = localSetup({ script: babble }, {}, { breathe });
    await expect(ask(engine, request('a'))).rejects.toThrow('the context is gone');
    expect(engine.stats()).toMatchObject({ ...idle, aborted: 1 });
    expect(llama.cachesAlive).toBe(0);
  });

  test('is not let in when it left before', async () => {
    const { engine } = localSetup({ script: babble });
    await expect(start(engine, 'a', 3, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(engine.stats()).toMatchObject({ ...idle, requests: 0 });
  });
});

describe('a slow reader', () => {
  test('slows only itself', async () => {
    const { engine, llama } = localSetup({ script: babble });
    const slow = await start(engine, 'slow', 100);
    expect((await readAll((await start(engine, 'fast', 200)).parts)).text).toHaveLength(200);

    const slowTokens = llama.batches
      .flat()
      .filter(({ cache, logits }) => cache === 0 && logits === 'last').length;
    expect(slowTokens).toBe(32);
    expect((await readAll(slow.parts)).text).toHaveLength(100);
  });

  test('loses its place when it asks for nothing while another waits', async () => {
    const { engine, llama, clock } = localSetup({ script: babble }, { running: 1, stalledMs: 1000 });
    const gone = await start(engine, 'gone', 100);
    const waiter = await start(engine, 'waiter', 5);
    const reply = readAll(waiter.parts);
    await turns(50);
    expect(engine.stats()).toMatchObject({ running: 1, waiting: 1 });

    clock.ms = 1001;
    expect((await reply).text).toHaveLength(5);
    expect(llama.cachesAlive).toBe(0);
    expect(engine.stats()).toMatchObject({ aborted: 1, failed: 0 });
    await expect(readAll(gone.parts)).rejects.toThrow(StalledError);
  });

  test('loses its place to a newcomer who would be turned away', async () => {
    const { engine, clock } = localSetup({ script: babble }, { running: 1, waiting: 1, stalledMs: 1000 });
    await start(engine, 'gone');
    await start(engine, 'gone too');
    clock.ms = 1001;
    expect((await ask(engine, request('new', { maxTokens: 5 }))).text).toHaveLength(5);
    expect(engine.stats()).toMatchObject({ ...idle, aborted: 2 });
  });

  test('loses its place when its request died in the middle of asking', async () => {
    let calls = 0;
    const breathe = () => (calls++ === 1 ? new Promise<void>(() => {}) : turns(1)); // workerd drops what was awaited
    const { engine, clock } = localSetup({ script: babble }, { running: 1, stalledMs: 1000 }, { breathe });
    const dead = reader(await start(engine, 'dead', 100));
    await take(dead, 1);
    void dead.next();
    await turns(3);
    expect(calls).toBe(2);

    const reply = start(engine, 'alive', 5).then(({ parts }) => readAll(parts));
    await turns(3);
    clock.ms = 1001;
    expect((await reply).text).toHaveLength(5);
    expect(engine.stats()).toMatchObject({ ...idle, aborted: 1 });
  });

  test('keeps its place through a step that takes long', async () => {
    const { engine, llama, clock } = localSetup({ script: babble }, { running: 1, stalledMs: 1000 });
    const [a, b] = [await start(engine, 'a'), await start(engine, 'b')];
    llama.beforeRead = async () => {
      clock.ms += 1001;
    };
    const replies = await Promise.all([readAll(b.parts), readAll(a.parts)]); // the one who waits looks first
    expect(replies.map(({ text }) => text.length)).toEqual([8, 8]);
  });

  test('keeps its place when nobody waits', async () => {
    const { engine, clock } = localSetup({ script: babble }, { stalledMs: 1000 });
    const slow = await start(engine, 'slow', 50);
    clock.ms = 5000;
    await ask(engine, request('other', { maxTokens: 40 }));
    expect((await readAll(slow.parts)).text).toHaveLength(50);
  });
});

describe('a forward that throws', () => {
  test('fails those in it, tells them why, and leaves the engine working', async () => {
    const { engine, llama } = localSetup({ script: recite('hello') }, { running: 2 });
    const [a, b, waiting] = await Promise.all(['a>', 'b>', 'c>'].map((text) => start(engine, text)));
    llama.failNext = new Error('the device is on fire');
    const replies = await Promise.allSettled([a, b, waiting].map((completion) => readAll(completion!.parts)));
    expect(replies).toMatchObject([
      { status: 'rejected', reason: { message: 'the device is on fire' } },
      { status: 'rejected', reason: { message: 'the device is on fire' } },
      { status: 'fulfilled', value: { text: 'hello' } },
    ]);
    expect(engine.stats()).toMatchObject({ ...idle, failed: 2 });
  });

  test('fails one alone when only its logits cannot be read', async () => {
    const { engine, llama } = localSetup({ script: recite('hello') });
    const [a, b] = [await start(engine, 'a>'), await start(engine, 'b>')];
    let reads = 0;
    llama.beforeRead = async () => {
      if (reads++ === 0) throw new Error('lost');
    };
    const [first, second] = await Promise.allSettled([readAll(a.parts), readAll(b.parts)]);
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'lost' } });
    expect(second).toMatchObject({ status: 'fulfilled', value: { text: 'hello' } });
    expect(engine.stats()).toMatchObject({ ...idle, failed: 1 });
  });
});
