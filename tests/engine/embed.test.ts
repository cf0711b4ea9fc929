import { describe, expect, test } from 'vitest';
import type { Prompt } from '../../engine/engine.ts';
import {
  BusyError,
  ContextLengthError,
  DimensionsError,
  InvalidPromptError,
  UnknownModelError,
} from '../../engine/errors.ts';
import { createMeanPool, unitVector } from '../../engine/mean-pool.ts';
import { ask, info, localSetup, never, readAll, request } from '../support/local-engine.ts';
import { BOS, babble, DIM, scriptedState } from '../support/scripted-llama.ts';

const text = (text: string): Prompt => ({ type: 'text', text });
const embedding = (inputs: readonly Prompt[], more: { dimensions?: number } = {}) => ({
  model: info.id,
  inputs,
  ...more,
});

/** The mean of the states after each token, scaled to length 1, worked out plainly. */
function truth(ids: readonly number[], dimensions = DIM): number[] {
  const states = ids.map((_, i) => scriptedState(ids.slice(0, i + 1)));
  const mean = Array.from({ length: dimensions }, (_, d) =>
    states.reduce((sum, state) => sum + state[d]!, 0),
  );
  const length = Math.hypot(...mean);
  return mean.map((value) => value / length);
}

const idsOf = (text: string) => [BOS, ...new TextEncoder().encode(text)];

function expectClose(vector: Float32Array, expected: readonly number[]) {
  expect(vector).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(vector[i]).toBeCloseTo(value, 6);
}

describe('createMeanPool()', () => {
  test('gives the mean of each input, whatever pieces it comes in', () => {
    const pool = createMeanPool([3, 1], 2);
    expect(pool.left).toBe(3);
    expect(pool.add(Float32Array.of(1, 2, 3, 4))).toBe(false);
    expect(pool.left).toBe(1);
    expect(pool.add(Float32Array.of(5, 0))).toBe(true);
    expect(pool.left).toBe(1);
    expect(pool.add(Float32Array.of(7, 8))).toBe(true);
    expect(pool.left).toBe(0);
    expect(pool.means).toEqual([Float64Array.of(3, 2), Float64Array.of(7, 8)]);
  });
});

describe('unitVector()', () => {
  test('scales what it keeps to length 1', () => {
    expect(unitVector(Float64Array.of(3, 4, 12), 2)).toEqual(Float32Array.of(0.6, 0.8));
  });

  test.each([[[0, 0]], [[Number.NaN, 1]], [[Infinity, 1]]])('refuses %s', (values) => {
    expect(() => unitVector(Float64Array.from(values), 2)).toThrow(RangeError);
  });
});

describe('embed()', () => {
  test.each([64, 7, 1])(
    'gives each input the mean of its own states, in chunks of %i',
    async (prefillChunk) => {
      const { engine, llama } = localSetup({ script: babble }, { prefillChunk, prefixCacheBytes: 2 ** 20 });
      const inputs = ['a first text of some length', 'b', 'a first text of some length, and more'];
      const asked = [...inputs.map(text), { type: 'tokens', ids: [5, 6, 7] } as const];
      const { vectors, promptTokens } = await engine.embed(embedding(asked), never());
      const ids = [...inputs.map(idsOf), [5, 6, 7]];
      for (const [i, vector] of vectors.entries()) expectClose(vector, truth(ids[i]!));
      expect(promptTokens).toBe(ids.flat().length);
      expect(engine.stats()).toMatchObject({
        promptTokens,
        completionTokens: 0,
        running: 0,
        prefixQueries: 0,
      });
      expect(llama.cachesAlive).toBe(0); // nothing of it is kept for prompts
      expect(llama.batches.flat().every(({ logits }) => logits === 'none')).toBe(true);
    },
  );

  test('needs no more memory than its longest input', async () => {
    const { engine } = localSetup({ script: babble, room: 256 });
    const inputs = Array.from({ length: 5 }, (_, i) => text('x'.repeat(200 + i)));
    expect((await engine.embed(embedding(inputs), never())).vectors).toHaveLength(5);
  });

  test('keeps the first numbers, scaled again', async () => {
    const { engine } = localSetup({ script: babble });
    const { vectors } = await engine.embed(embedding([text('abc')], { dimensions: 2 }), never());
    expectClose(vectors[0]!, truth(idsOf('abc'), 2));
  });

  test('holds up no reply, and takes one place', async () => {
    const { engine, llama } = localSetup({ script: babble }, { running: 2, prefillChunk: 8 });
    const speaking = (await engine.start(request('a', { maxTokens: 60 }), never())).parts[
      Symbol.asyncIterator
    ]();
    await speaking.next();
    const before = llama.batches.length;
    const embedded = engine.embed(embedding(Array.from({ length: 20 }, () => text('x'.repeat(20)))), never());
    for (let i = 0; i < 30; i++) await speaking.next();
    expect(engine.stats().running).toBe(2);
    const passes = llama.batches.slice(before);
    expect(passes.every((batch) => batch.some(({ cache, count }) => cache === 0 && count === 1))).toBe(true);
    expect(passes.some((batch) => batch.length === 2)).toBe(true);
    await speaking.return!();
    for (const vector of (await embedded).vectors) expectClose(vector, truth(idsOf('x'.repeat(20))));
  });

  test('lends its cache to nobody', async () => {
    const { engine } = localSetup({ script: babble }, { prefixCacheBytes: 2 ** 20, prefillChunk: 32 });
    const inputs = ['x'.repeat(40), 'y'.repeat(40)];
    const embedded = engine.embed(embedding(inputs.map(text)), never());
    const replies = await Promise.all(inputs.map((prompt) => ask(engine, request(prompt, { maxTokens: 3 }))));
    for (const [i, { text: said }] of replies.entries())
      expect(said).toBe(
        (await ask(localSetup({ script: babble }).engine, request(inputs[i]!, { maxTokens: 3 }))).text,
      );
    await embedded;
  });

  test('of low priority gives its memory to one of normal priority, and begins its input again', async () => {
    const { engine, llama } = localSetup({ script: babble, room: 256 }, { prefillChunk: 8 });
    const inputs = Array.from({ length: 4 }, (_, i) => text(`${i}${'x'.repeat(40)}`));
    const embedded = engine.embed({ ...embedding(inputs), priority: 'low' }, never());
    while (llama.batches.length < 8) await new Promise((resolve) => setImmediate(resolve));
    const reply = await ask(engine, request('a', { maxTokens: 5 }));
    expect(reply.text).toHaveLength(5);
    expect(llama.batches.length).toBeLessThan(20); // before the fourth input
    const { vectors } = await embedded;
    for (const [i, vector] of vectors.entries()) expectClose(vector, truth(idsOf(`${i}${'x'.repeat(40)}`)));
  });

  test('may wait for one of low priority that echoes its prompt, but not for ever', async () => {
    const { engine, llama } = localSetup({ script: babble, room: 256 }, { prefillChunk: 8 });
    const asked = request('x'.repeat(40), { maxTokens: 1, echo: true, logprobs: 0, priority: 'low' });
    const echoed = readAll((await engine.start(asked, never())).parts);
    while (llama.batches.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect((await engine.embed(embedding([text('a')]), never())).vectors).toHaveLength(1);
    expect((await echoed).tokens).toHaveLength(42);
  });

  test('stops when its reader leaves, and keeps nothing', async () => {
    const { engine, llama } = localSetup({ script: babble }, { prefillChunk: 4, prefixCacheBytes: 2 ** 20 });
    const client = new AbortController();
    const embedded = engine.embed(embedding([text('x'.repeat(60)), text('y')]), client.signal);
    while (llama.batches.length < 8) await new Promise((resolve) => setImmediate(resolve));
    client.abort();
    await expect(embedded).rejects.toMatchObject({ name: 'AbortError' });
    expect(engine.stats()).toMatchObject({ running: 0, aborted: 1, deviceBytes: 0 });
    expect(llama.batches.length).toBeLessThan(15);
  });

  test('fails with the pass that it was in', async () => {
    const { engine, llama } = localSetup({ script: babble });
    llama.failNext = new Error('the device is on fire');
    await expect(engine.embed(embedding([text('a')]), never())).rejects.toThrow('the device is on fire');
    expect(engine.stats()).toMatchObject({ running: 0, failed: 1, deviceBytes: 0 });
  });

  test('is refused as a completion is', async () => {
    const { engine } = localSetup({ script: babble }, { contextLength: 16, running: 1, waiting: 0 });
    const refused = (inputs: readonly Prompt[], more: { dimensions?: number; model?: string } = {}) =>
      expect(engine.embed({ ...embedding(inputs), ...more }, never())).rejects;
    await refused([text('a'), text('x'.repeat(16))]).toThrow(ContextLengthError);
    await refused([text('x'.repeat(16))]).toThrow(
      'prompt (17 tokens) does not fit in the context of 16 tokens',
    );
    await refused([{ type: 'tokens', ids: [1e6] }]).toThrow(InvalidPromptError);
    await refused([text('a')], { dimensions: DIM + 1 }).toThrow(DimensionsError);
    await refused([text('a')], { model: 'other' }).toThrow(UnknownModelError);
    expect(engine.stats().requests).toBe(0);

    const speaking = await engine.start(request('a', { maxTokens: 3 }), never());
    await refused([text('a')]).toThrow(BusyError);
    await readAll(speaking.parts);
    expect((await engine.embed(embedding([text('x'.repeat(15))]), never())).promptTokens).toBe(16);
  });
});
