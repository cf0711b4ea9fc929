import { describe, expect, test } from 'vitest';
import type { CompletionRequest, Engine, TokenLogprob } from '../../engine/engine.ts';
import { LogitBiasError, LogitsError } from '../../engine/errors.ts';
import { createScore, readSpread } from '../../engine/logprobs.ts';
import type { Device } from '../../kernels/kernels.ts';
import { fast, ref } from '../support/backends.ts';
import { localSetup, never, request } from '../support/local-engine.ts';
import { normals } from '../support/numbers.ts';
import { greedy } from '../support/sampling.ts';
import {
  BOS,
  babble,
  EOS,
  recite,
  type Script,
  scriptedTokenizer,
  VOCAB,
} from '../support/scripted-llama.ts';

const CLOSE = 5; // digits: sums of exponentials are known to 4e-6

/** ln softmax in f64, term by term. */
function logSoftmax(logits: ArrayLike<number>): number[] {
  const max = Array.from(logits).reduce((most, logit) => Math.max(most, logit));
  const total = Array.from(logits).reduce((sum, logit) => sum + Math.exp(logit - max), 0);
  return Array.from(logits, (logit) => logit - max - Math.log(total));
}

interface Told {
  readonly text: string;
  /** The text and tokens of each part. */
  readonly parts: readonly { readonly text: string; readonly tokens: readonly TokenLogprob[] }[];
  readonly tokens: readonly TokenLogprob[];
  readonly reason: string;
  readonly cached: number;
}

async function tell(engine: Engine, text: string, more: Partial<CompletionRequest>): Promise<Told> {
  const parts: { text: string; tokens: readonly TokenLogprob[] }[] = [];
  for await (const part of (await engine.start(request(text, more), never())).parts) {
    if (part.type === 'text') {
      parts.push({ text: part.text, tokens: part.tokens! });
      continue;
    }
    if (part.type !== 'done') continue;
    const tokens = parts.flatMap((part) => part.tokens);
    const whole = parts.map((part) => part.text).join('');
    return { text: whole, parts, tokens, reason: part.reason, cached: part.usage.cachedTokens };
  }
  throw new Error('no reason');
}

/** What the script's own logits say of a reply's tokens, one by one. */
function expectTrue(script: Script, prompt: readonly number[], told: readonly TokenLogprob[], count: number) {
  const before = [...prompt];
  for (const { id, logprob, top } of told) {
    const truth = logSoftmax(script(before));
    if (logprob !== null) expect(logprob).toBeCloseTo(truth[id]!, CLOSE);
    const best = truth.map((_, other) => other).sort((a, b) => truth[b]! - truth[a]! || a - b);
    expect(top.map((likely) => likely.id)).toEqual(best.slice(0, count));
    for (const likely of top) expect(likely.logprob).toBeCloseTo(truth[likely.id]!, CLOSE);
    before.push(id);
  }
}

const bytes = (text: string) => [...new TextEncoder().encode(text)];

describe.each([ref, ...fast])('readSpread() on $name', ({ create }) => {
  const rowOf = (device: Device, values: Float32Array) => {
    const logits = device.alloc(2 * values.length);
    const both = new Float32Array(2 * values.length).fill(9);
    both.set(values, values.length);
    device.write(logits, both);
    return { device, logits, row: 1, length: values.length };
  };

  test('is the log-softmax of a row of 128,256', async () => {
    const values = normals(3, 128_256).map((v) => v * 4);
    for (let i = 0; i < 20; i++) values[6000 * i] = 60 - i / 8;
    const truth = logSoftmax(values);
    const { logTotal, top } = await readSpread(rowOf(create(), values), 20);
    expect(values[77]! - logTotal).toBeCloseTo(truth[77]!, CLOSE);
    expect(top.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, i) => 6000 * i));
    for (const { id, logprob } of top) expect(logprob).toBeCloseTo(truth[id]!, CLOSE);
  });

  test('leaves out what is impossible, and refuses what is no number', async () => {
    const few = Float32Array.of(-Infinity, 0, -Infinity, 0);
    expect((await readSpread(rowOf(create(), few), 4)).top).toEqual([
      { id: 1, logprob: expect.closeTo(-Math.LN2, CLOSE) },
      { id: 3, logprob: expect.closeTo(-Math.LN2, CLOSE) },
    ]);
    const broken = Float32Array.of(0, 1, Number.NaN);
    await expect(readSpread(rowOf(create(), broken), 0)).rejects.toThrow(LogitsError);
    await expect(readSpread(rowOf(create(), broken), 0)).rejects.toThrow('that of token 2 is NaN');
  });

  test('does not count the padding of the head', async () => {
    const { device, logits, row } = rowOf(create(), Float32Array.of(1, 2, 50, 60));
    const score = createScore(device, 4, 2);
    const [a, b] = logSoftmax([1, 2]);
    expect(await score(0, 4, logits, row)).toEqual({
      logprob: expect.closeTo(a!, CLOSE),
      top: [
        { id: 1, logprob: expect.closeTo(b!, CLOSE) },
        { id: 0, logprob: expect.closeTo(a!, CLOSE) },
      ],
    });
  });
});

describe('a reply with logprobs', () => {
  test('has those of the model, for every token and the likeliest in its place', async () => {
    const { engine } = localSetup({ script: babble });
    const told = await tell(engine, 'hi', { maxTokens: 12, logprobs: 3 });
    expect(told.tokens).toHaveLength(12);
    expectTrue(babble, [BOS, ...bytes('hi')], told.tokens, 3);
    expect(told.tokens.map((token) => token.bytes)).toEqual(
      bytes(told.text).map((byte) => Uint8Array.of(byte)),
    );
    expect(told.tokens.map(({ start }) => start)).toEqual(told.tokens.map((_, i) => i));
  });

  test('has none when none are asked for, and no likely ones at 0', async () => {
    const { engine } = localSetup({ script: babble });
    const { parts } = await engine.start(request('hi', { maxTokens: 2 }), never());
    for await (const part of parts) expect(part).not.toHaveProperty('tokens');
    const { tokens } = await tell(engine, 'hi', { maxTokens: 2, logprobs: 0 });
    expect(tokens.map(({ top }) => top)).toEqual([[], []]);
  });

  test('has them of before temperature, cuts, penalties and biases', async () => {
    const { engine } = localSetup({ script: babble });
    const sampling = {
      ...greedy,
      temperature: 30,
      topK: 20,
      presencePenalty: 2,
      repetitionPenalty: 1.3,
      seed: 5,
      logitBias: new Map([
        [97, 20],
        [98, -100],
      ]),
    };
    const told = await tell(engine, 'abc', { maxTokens: 40, logprobs: 2, sampling });
    expect(told.text).toContain('a');
    expect(told.text).not.toContain('b');
    expectTrue(babble, [BOS, ...bytes('abc')], told.tokens, 2);
  });

  test('has them of before a grammar, which chose among few', async () => {
    const noise: Script = (tokens) => normals(tokens.length, VOCAB); // any token may come
    const { engine } = localSetup({ script: noise });
    const told = await tell(engine, 'abc', { maxTokens: 12, logprobs: 2, format: { type: 'json' } });
    expect(told.text).toMatch(/^\s*\{/);
    expectTrue(noise, [BOS, ...bytes('abc')], told.tokens, 2);
    expect(told.tokens.some(({ id, top }) => id !== top[0]!.id)).toBe(true);
  });

  test('gives a token with the part in which its text begins', async () => {
    const { engine } = localSetup({ script: recite('é🦙a##b') });
    const { parts, tokens } = await tell(engine, '>', { logprobs: 0, stop: ['###'] });
    expect(parts.map(({ text, tokens }) => [text, tokens.length])).toEqual([
      ['é', 2],
      ['🦙', 4],
      ['a', 1],
      ['##b', 3],
    ]);
    expect(tokens.map(({ start }) => start)).toEqual([0, 0, 1, 1, 1, 1, 2, 3, 4, 5]);
    expect(tokens.slice(0, 2).map(({ bytes }) => [...bytes])).toEqual([[0xc3], [0xa9]]);
  });

  test('cuts the tokens of a stop string with its text', async () => {
    const { engine } = localSetup({ script: recite('one\n\ntwo') });
    const { text, tokens, reason } = await tell(engine, '>', { logprobs: 0, stop: ['\n\n'] });
    expect([text, tokens.length, reason]).toEqual(['one', 3, 'stop']);
  });

  test('keeps a token that a stop string cuts in two, and lets go of a broken character', async () => {
    const tokenizer = scriptedTokenizer();
    const long = (id: number) => (id === 120 ? Uint8Array.from(bytes('x##')) : tokenizer.bytes(id));
    const wide = {
      ...tokenizer,
      bytes: long,
      decoder() {
        const utf8 = new TextDecoder();
        return { push: (id: number) => utf8.decode(long(id), { stream: true }), end: () => utf8.decode() };
      },
    };
    const cut = localSetup({ script: recite('ax#b') }, {}, { tokenizer: wide });
    const { text, tokens } = await tell(cut.engine, '>', { logprobs: 0, stop: ['###'] });
    expect([text, tokens.map(({ id }) => id)]).toEqual(['ax', [97, 120]]);

    const { engine } = localSetup({ script: recite('a🦙') });
    const broken = await tell(engine, '>', { logprobs: 0, maxTokens: 3 });
    expect([broken.text, broken.tokens.length]).toEqual(['a\ufffd', 3]);
  });

  test('names special tokens among the likely, which have no bytes', async () => {
    const { engine } = localSetup({ script: recite('a') });
    const { tokens } = await tell(engine, '>', {
      logprobs: 1,
      maxTokens: 3,
      sampling: { ...greedy, logitBias: new Map([[EOS, -100]]) },
    });
    expect(tokens[1]!.top[0]).toMatchObject({ id: EOS, special: '<|eos|>', bytes: new Uint8Array(0) });
  });
});

describe('an echoed prompt', () => {
  test('comes before the reply', async () => {
    const { engine, llama } = localSetup({ script: recite('ab') });
    const { text, parts } = await tell(engine, 'Grüße>', { echo: true });
    expect(text).toBe('Grüße>ab');
    expect(parts[0]!.text).toBe('Grüße>');
    expect(llama.batches.flat().every(({ logits }) => logits !== 'all')).toBe(true);
  });

  test.each([
    [1, 16],
    [3, 5],
    [8, 16],
    [8, 64],
  ])(
    'has its logprobs, the first none, with %i rows of logits and chunks of %i',
    async (maxLogitRows, prefillChunk) => {
      const text = 'a prompt of some length>';
      const { engine } = localSetup({ script: babble, maxLogitRows }, { prefillChunk });
      const told = await tell(engine, text, { echo: true, logprobs: 2, maxTokens: 4 });
      const ids = [BOS, ...bytes(text)];
      expect(told.tokens.map(({ id }) => id).slice(0, ids.length)).toEqual(ids);
      expect(told.tokens).toHaveLength(ids.length + 4);
      expect(told.tokens[0]).toMatchObject({ logprob: null, top: [], special: '<|bos|>', start: 0 });
      expectTrue(babble, [BOS], told.tokens.slice(1), 2);
      expect(told.text.startsWith(text)).toBe(true);
      expect(told.tokens.slice(1).map(({ start }) => start)).toEqual(told.tokens.slice(1).map((_, i) => i));
    },
  );

  test('is computed whole, whatever is cached', async () => {
    const { engine } = localSetup({ script: babble }, { prefixCacheBytes: 2 ** 20 });
    const text = 'x'.repeat(60);
    const first = await tell(engine, text, { echo: true, logprobs: 1, maxTokens: 2 });
    const again = await tell(engine, text, { echo: true, logprobs: 1, maxTokens: 2 });
    expect(again).toEqual(first);
    expect(again.cached).toBe(0);
    expect((await tell(engine, text, { maxTokens: 2 })).cached).toBe(60); // but others may begin from it
  });

  test('may be all there is: nothing is drawn, and without logprobs nothing computed', async () => {
    const { engine, llama } = localSetup({ script: babble }, { contextLength: 6 });
    const told = await tell(engine, 'hello', { echo: true, logprobs: 0, maxTokens: 0 });
    expect([told.text, told.reason, told.tokens.length]).toEqual(['hello', 'length', 6]); // fills the context
    expect(engine.stats()).toMatchObject({ completionTokens: 0, running: 0, deviceBytes: 0 });

    const steps = llama.batches.length;
    expect(await tell(engine, 'hello', { echo: true, maxTokens: 0 })).toMatchObject({
      text: 'hello',
      reason: 'length',
    });
    expect(await tell(engine, 'hello', { maxTokens: 0 })).toMatchObject({ text: '', reason: 'length' });
    expect(llama.batches.length).toBe(steps);
  });

  test('does not stop at a stop string of its own', async () => {
    const { engine } = localSetup({ script: recite('ab#') });
    expect((await tell(engine, 'x#y>', { echo: true, logprobs: 0, stop: ['#'] })).text).toBe('x#y>ab');
  });

  test('does not hold up a reply that speaks', async () => {
    const { engine, llama } = localSetup({ script: babble, maxLogitRows: 4 });
    const speaking = (await engine.start(request('a', { maxTokens: 60 }), never())).parts[
      Symbol.asyncIterator
    ]();
    await speaking.next();
    const echoing = tell(engine, 'x'.repeat(40), { echo: true, logprobs: 0, maxTokens: 1 });
    for (let i = 0; i < 10; i++) await speaking.next();
    const beside = llama.batches.filter((batch) => batch.some(({ logits }) => logits === 'all'));
    expect(beside.every((batch) => batch.some(({ cache, count }) => cache === 0 && count === 1))).toBe(true);
    await echoing;
    await speaking.return!();
  });
});

describe('a bias', () => {
  const flat: Script = () =>
    Float32Array.from({ length: VOCAB }, (_, id) => (id === 97 ? 5 : id === 98 ? 4 : -9));
  const say = async (logitBias: Map<number, number>, temperature = 0) => {
    const { engine } = localSetup({ script: flat });
    return (
      await tell(engine, '', { maxTokens: 4, sampling: { ...greedy, temperature, seed: 1, logitBias } })
    ).text;
  };

  test('tips the balance, bans and forces', async () => {
    expect(await say(new Map())).toBe('aaaa');
    expect(await say(new Map([[98, 1.5]]))).toBe('bbbb');
    expect(await say(new Map([[97, -100]]))).toBe('bbbb');
    expect(await say(new Map([[122, 100]]), 2)).toBe('zzzz');
  });

  test('is refused for a token that there is not', async () => {
    await expect(
      say(
        new Map([
          [97, 1],
          [VOCAB, 1],
        ]),
      ),
    ).rejects.toThrow(LogitBiasError);
    await expect(say(new Map([[VOCAB, 1]]))).rejects.toThrow(
      'logit_bias.259: the vocabulary has the ids 0 to 258',
    );
  });
});
