import { describe, expect, test } from 'vitest';
import type { Completion, Engine } from '../../engine/engine.ts';
import { BusyError } from '../../engine/errors.ts';
import { localSetup, never, readAll, request } from '../support/local-engine.ts';
import { greedy } from '../support/sampling.ts';
import { babble } from '../support/scripted-llama.ts';

type Priority = 'normal' | 'low';
const start = (engine: Engine, text: string, priority: Priority, maxTokens = 8) =>
  engine.start(request(text, { maxTokens, priority }), never());

const reader = ({ parts }: Completion) => parts[Symbol.asyncIterator]();
const take = async (completion: AsyncIterator<unknown>, count: number) => {
  for (let i = 0; i < count; i++) await completion.next();
};

describe('a request of low priority', () => {
  test('runs when it is alone, and many of them together', async () => {
    const { engine, llama } = localSetup({ script: babble });
    const both = [await start(engine, 'a', 'low'), await start(engine, 'b', 'low')];
    await Promise.all(both.map(({ parts }) => readAll(parts)));
    expect(llama.batches.map((batch) => batch.length)).toEqual(Array(8).fill(2));
  });

  test('stands still while a normal one runs, and goes on after it', async () => {
    const { engine, llama } = localSetup({ script: babble });
    const alone = (await readAll((await start(engine, 'a', 'low', 20)).parts)).text;
    const low = await start(engine, 'a', 'low', 20);
    const lowReader = reader(low);
    await take(lowReader, 3);

    const before = llama.batches.length;
    const normal = readAll((await start(engine, 'b', 'normal')).parts);
    const rest = readAll({ [Symbol.asyncIterator]: () => lowReader });
    await normal;
    expect(llama.batches.slice(before, before + 8).every((batch) => batch.length === 1)).toBe(true);
    expect(llama.batches.slice(before, before + 8).map(([span]) => span!.cache)).toEqual(Array(8).fill(2));
    expect(alone.endsWith((await rest).text)).toBe(true);
    expect((await rest).done.usage.completionTokens).toBe(20);
  });

  test('takes no place from normal ones: all of theirs are free, and they run at once', async () => {
    const { engine, llama } = localSetup({ script: babble }, { running: 2, waiting: 1 });
    const lows = [
      await start(engine, 'a', 'low'),
      await start(engine, 'b', 'low'),
      await start(engine, 'c', 'low'),
    ];
    const normals = [await start(engine, 'd', 'normal'), await start(engine, 'e', 'normal')];
    const third = await start(engine, 'f', 'normal');
    await expect(start(engine, 'g', 'normal')).rejects.toThrow(BusyError);
    await expect(start(engine, 'h', 'low')).rejects.toThrow(BusyError);

    await Promise.all(normals.map(({ parts }) => readAll(parts)));
    expect(llama.batches.slice(0, 8).map((batch) => batch.length)).toEqual(Array(8).fill(2));
    await Promise.all([third, ...lows].map(({ parts }) => readAll(parts)));
    expect(engine.stats()).toMatchObject({ running: 0, waiting: 0, deviceBytes: 0 });
  });

  test('waits for all normal ones that wait, in whatever order they came', async () => {
    const { engine } = localSetup({ script: babble }, { running: 1 });
    const order: string[] = [];
    const asked = [
      ['low', 'low'],
      ['a', 'normal'],
      ['b', 'normal'],
    ] as const;
    const completions = [];
    for (const [name, priority] of asked)
      completions.push([name, await start(engine, name, priority)] as const);
    await Promise.all(
      completions.map(async ([name, { parts }]) => {
        await readAll(parts);
        order.push(name);
      }),
    );
    expect(order).toEqual(['a', 'b', 'low']);
  });

  test.each([greedy, { ...greedy, temperature: 20, repetitionPenalty: 1.1, seed: 3 }])(
    'gives its memory to a normal one, reads again what it had, and says the same, sampling %o',
    async (sampling) => {
      const asked = request('p'.repeat(50), { maxTokens: 40, priority: 'low', sampling });
      const roomy = localSetup({ script: babble });
      const { text } = await readAll((await roomy.engine.start(asked, never())).parts);

      const { engine, llama } = localSetup({ script: babble, room: 256 });
      const low = await engine.start(asked, never());
      const iterator = reader(low);
      const parts: string[] = [];
      for (let i = 0; i < 10; i++) parts.push((await iterator.next()).value.text);
      const before = llama.batches.length;
      const normal = await start(engine, 'b', 'normal', 4);
      expect(engine.stats()).toMatchObject({ running: 1, waiting: 1 });
      await readAll(normal.parts);
      const rest = await readAll({ [Symbol.asyncIterator]: () => iterator });
      expect(parts.join('') + rest.text).toBe(text);
      expect(rest.done.usage).toMatchObject({ promptTokens: 51, completionTokens: 40, cachedTokens: 0 });
      const again = llama.batches.slice(before + 4).map(([span]) => span!.count);
      expect(again.slice(0, 4)).toEqual([16, 16, 16, 13]); // 51 of the prompt and 10 said, in chunks
    },
  );

  test('is dropped and leaves nothing when its reader goes while it stands still', async () => {
    const { engine } = localSetup({ script: babble });
    const low = reader(await start(engine, 'a', 'low', 50));
    await take(low, 2);
    const normal = await start(engine, 'b', 'normal');
    await low.return!();
    await readAll(normal.parts);
    expect(engine.stats()).toMatchObject({ running: 0, waiting: 0, deviceBytes: 0, aborted: 1 });
  });

  test('reads its prompt in steps as short as if somebody spoke: who comes now waits for one of them', async () => {
    const longestStep = async (priority: Priority) => {
      const { engine, llama } = localSetup({ script: babble, passMs: (rows) => 20 * rows });
      await readAll((await start(engine, 'a', 'normal', 20)).parts); // what a row costs is known then
      const before = llama.batches.length;
      await readAll((await start(engine, 'x'.repeat(100), priority, 1)).parts);
      return Math.max(...llama.batches.slice(before).map(([span]) => span!.count));
    };
    expect(await longestStep('normal')).toBe(16);
    expect(await longestStep('low')).toBeLessThanOrEqual(5); // 100 ms
  });
});
