import { describe, expect, test } from 'vitest';
import {
  ContextLengthError,
  InvalidPromptError,
  LogitsError,
  UnknownModelError,
} from '../../engine/errors.ts';
import { ask, info, localSetup, never, readAll, request } from '../support/local-engine.ts';
import { greedy } from '../support/sampling.ts';
import { BOS, babble, recite, scriptedTokenizer, VOCAB } from '../support/scripted-llama.ts';

/** The prompt's ids as the model got them. */
async function idsRead(prompt: Parameters<typeof request>[1] & object, parts = {}): Promise<number[]> {
  let first: readonly number[] | undefined;
  const { engine } = localSetup(
    {
      script: (tokens) => {
        first ??= [...tokens];
        return recite('')([62]);
      },
    },
    {},
    parts,
  );
  const { done } = await ask(engine, request('', prompt));
  expect(done.usage.promptTokens).toBe(first!.length);
  return [...first!];
}

const bytes = (text: string) => [...new TextEncoder().encode(text)];

describe('createLocalEngine()', () => {
  test('says what the model says, and counts all but the stop token', async () => {
    const { engine } = localSetup({ script: recite('Grüße 🦙') });
    expect(await ask(engine, request('hi>'))).toEqual({
      text: 'Grüße 🦙',
      done: {
        type: 'done',
        reason: 'stop',
        usage: { promptTokens: 4, cachedTokens: 0, completionTokens: 12 },
      },
    });
  });

  test('stops at maxTokens with reason length, and lets withheld text go', async () => {
    const { engine } = localSetup({ script: recite('ab##cd') });
    const { text, done } = await ask(engine, request('>', { maxTokens: 4, stop: ['###'] }));
    expect([text, done.reason, done.usage.completionTokens]).toEqual(['ab##', 'length', 4]);
  });

  test('fills the context to the last token when there is no maxTokens', async () => {
    const { engine, llama } = localSetup({ script: babble }, { contextLength: 300 });
    const { text, done } = await ask(engine, request('hello'));
    expect([text.length, done.reason, done.usage]).toEqual([
      294,
      'length',
      { promptTokens: 6, cachedTokens: 0, completionTokens: 294 },
    ]);
    expect(llama.cachesAlive).toBe(0);
  });

  test('cuts at a stop string across tokens', async () => {
    const { engine } = localSetup({ script: recite('one\n\ntwo') });
    const { text, done } = await ask(engine, request('>', { stop: ['\n\n'] }));
    expect([text, done.reason, done.usage.completionTokens]).toEqual(['one', 'stop', 5]);
  });

  test('words a chat with the template and the date, text with bos, tokens as they are', async () => {
    const chat = { type: 'chat', messages: [{ role: 'user', content: '<|eos|>' }] } as const;
    expect(await idsRead({ prompt: chat })).toEqual([258, ...bytes('26 Jul 2024: <|eos|>>')]);
    expect(await idsRead({ prompt: { type: 'text', text: 'ab' } })).toEqual([BOS, 97, 98]);
    expect(await idsRead({ prompt: { type: 'tokens', ids: [98, 257, 0] } })).toEqual([98, 257, 0]);
  });

  test('puts no bos before text where the vocabulary does not want it', async () => {
    const tokenizer = scriptedTokenizer({ addBos: false });
    expect(await idsRead({ prompt: { type: 'text', text: 'ab' } }, { tokenizer })).toEqual([97, 98]);
    expect(await idsRead({ prompt: { type: 'text', text: '' } }, { tokenizer })).toEqual([BOS]);
  });

  test('refuses ids the vocabulary does not have, and names the first', async () => {
    const { engine } = localSetup({ script: babble });
    for (const wrong of [-1, VOCAB, 1.5, Number.NaN]) {
      const started = engine.start(request('', { prompt: { type: 'tokens', ids: [0, wrong] } }), never());
      await expect(started).rejects.toThrow(InvalidPromptError);
      await expect(started).rejects.toThrow(
        `token 1 of the prompt is ${wrong}; ids are integers from 0 to 258`,
      );
      await expect(started).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  test('refuses what the context cannot hold, before it takes a place', async () => {
    const { engine, llama } = localSetup({ script: babble }, { contextLength: 16 });
    const start = (text: string, maxTokens?: number) => engine.start(request(text, { maxTokens }), never());
    await expect(start('x'.repeat(15))).rejects.toThrow(ContextLengthError);
    await expect(start('x'.repeat(9), 7)).rejects.toThrow(
      'prompt (10 tokens) and reply (7) do not fit in the context of 16 tokens',
    );
    expect([llama.cachesAlive, engine.stats().requests]).toEqual([0, 0]);
    expect((await ask(engine, request('x'.repeat(9), { maxTokens: 6 }))).text).toHaveLength(6);
  });

  test('refuses a model it does not serve', async () => {
    const { engine } = localSetup({ script: babble });
    await expect(engine.start(request('', { model: 'other' }), never())).rejects.toThrow(UnknownModelError);
    await expect(engine.start(request('', { model: 'other' }), never())).rejects.toThrow(info.id);
  });

  test('gives the same text for the same seed, another for another, and its own seed when there is none', async () => {
    const { engine } = localSetup({ script: babble });
    const say = async (seed: number | undefined) =>
      (await ask(engine, request('x', { maxTokens: 24, sampling: { ...greedy, temperature: 30, seed } })))
        .text;
    expect(await say(7)).toBe(await say(7));
    expect(await say(7)).not.toBe(await say(8));
    expect(await say(undefined)).not.toBe(await say(undefined));
  });

  test('penalties change greedy text as worked by hand', async () => {
    const flat = () => {
      const logits = new Float32Array(VOCAB).fill(-9);
      logits.set([4, 3, 2.5], 97); // a, b, c whatever went before
      return logits;
    };
    const say = async (sampling: object) => {
      const { engine } = localSetup({ script: flat });
      return (await ask(engine, request('', { maxTokens: 6, sampling: { ...greedy, ...sampling } }))).text;
    };
    expect(await say({})).toBe('aaaaaa');
    expect(await say({ presencePenalty: 1.25 })).toBe('abaaaa'); // a 2.75, b 3 → then a 2.75, b 1.75, c 2.5
    expect(await say({ frequencyPenalty: 1.25 })).toBe('abacba'); // 4 2.75 1.5 .25 · 3 1.75 .5 · 2.5 1.25
    expect(await say({ repetitionPenalty: 2 })).toBe('abcaaa'); // halved once: a 2, b 1.5, c 1.25
  });

  test('reads greedy choices without copying the row, and never draws padding', async () => {
    const padded = { ...scriptedTokenizer(), vocabSize: 98 }; // ids from 98 on are not in the vocabulary
    const script = () => {
      const logits = new Float32Array(VOCAB).fill(-9);
      logits[97] = 1;
      logits[98] = 5;
      return logits;
    };
    for (const temperature of [0, 1]) {
      const { engine } = localSetup({ script }, {}, { tokenizer: padded });
      const { text } = await ask(engine, request('', { maxTokens: 3, sampling: { ...greedy, temperature } }));
      expect(text).toBe('aaa');
    }

    const { engine, llama } = localSetup({ script });
    llama.device.read = () => Promise.reject(new Error('a row was copied'));
    expect((await ask(engine, request('', { maxTokens: 3 }))).text).toBe('bbb');
  });

  test.each([0, 1])('fails with the cause when logits are NaN, at temperature %d', async (temperature) => {
    const { engine, llama } = localSetup({ script: () => new Float32Array(VOCAB).fill(Number.NaN) });
    const reply = ask(engine, request('x', { sampling: { ...greedy, temperature } }));
    await expect(reply).rejects.toThrow(LogitsError);
    await expect(reply).rejects.toThrow('that of token 0 is NaN');
    expect([llama.cachesAlive, engine.stats().failed, engine.stats().running]).toEqual([0, 1, 0]);
  });

  test('counts', async () => {
    const { engine, llama } = localSetup({ script: recite('abc') }, { prefillChunk: 4 });
    const completion = await engine.start(request('0123456>'), never());
    expect(engine.stats()).toMatchObject({ state: 'ready', running: 1, waiting: 0, requests: 1 });
    expect(engine.stats().deviceBytes).toBe(4096);
    await readAll(completion.parts);
    expect(engine.stats()).toEqual({
      state: 'ready',
      running: 0,
      waiting: 0,
      promptTokens: 9,
      completionTokens: 3,
      prefixQueries: 9,
      prefixHits: 0,
      requests: 1,
      rejected: 0,
      aborted: 0,
      failed: 0,
      steps: 6, // 4 + 4 + 1 tokens of prompt, then a, b and c
      draftTokens: 0,
      acceptedTokens: 0,
      deviceBytes: 0,
      cachePositions: 0, // given back
      cacheCapacity: 16_384, // requests at once, times the context
      load: { bytes: 0, totalBytes: 0 }, // there was nothing to load
    });
    expect(llama.batches.length).toBe(6);
  });
});
