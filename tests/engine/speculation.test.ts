// Drafts change how fast a reply comes, and nothing else: every test compares with an engine that does not speculate.
import { describe, expect, test } from 'vitest';
import { type Choose, createChoose } from '../../engine/choose.ts';
import { createCoin } from '../../engine/coin.ts';
import type { CompletionRequest, Sampling } from '../../engine/engine.ts';
import type { LocalEngineLimits } from '../../engine/local.ts';
import { createScore } from '../../engine/logprobs.ts';
import { createScheduler } from '../../engine/scheduler.ts';
import { newSequence } from '../../engine/sequence.ts';
import { createStepCost } from '../../engine/step-cost.ts';
import { ask, type LocalSetup, localSetup, never, request } from '../support/local-engine.ts';
import { obviousDistribution } from '../support/obvious-distribution.ts';
import { greedy } from '../support/sampling.ts';
import {
  EOS,
  mutter,
  recite,
  type Script,
  scriptedLlama,
  scriptedTokenizer,
  VOCAB,
} from '../support/scripted-llama.ts';

/** A prompt that holds what `recite` will say, so that it is drafted from its fourth letter on. */
const quoting = (text: string, more: Partial<CompletionRequest> = {}, noise = 0): CompletionRequest => {
  const bytes = [...new TextEncoder().encode(text)];
  return request('', {
    prompt: { type: 'tokens', ids: [...Array<number>(noise).fill(120), ...bytes, EOS, ...bytes, EOS, 62] },
    ...more,
  });
};
const TEXT = 'the quick brown fox jumps over the lazy dog';

/** All passes take one millisecond, so that any draft is worth a try, and some replies have shown it. */
async function eagerSetup(script: Script, limits: Partial<LocalEngineLimits> = {}): Promise<LocalSetup> {
  let spoken = recite(TEXT);
  const passMs = () => 1;
  const setup = localSetup({ script: (tokens) => spoken(tokens), passMs }, { stalledMs: 1e9, ...limits });
  for (let i = 0; i < 8; i++) await ask(setup.engine, quoting(TEXT, {}, 3000)); // what takes long may try something
  spoken = script;
  return setup;
}

const plainSetup = (script: Script) => localSetup({ script }, {}, { speculation: false });

/** The same request with and without drafts. Returns how the first went. */
async function askBoth(script: Script, asked: CompletionRequest) {
  const setup = await eagerSetup(script);
  const [passes, before] = [setup.llama.batches.length, setup.engine.stats()];
  const reply = await ask(setup.engine, asked);
  expect(reply).toEqual(await ask(plainSetup(script).engine, asked));
  const after = setup.engine.stats();
  return {
    ...reply,
    passes: setup.llama.batches.slice(passes).map(([span]) => span!),
    drafted: after.draftTokens - before.draftTokens,
    accepted: after.acceptedTokens - before.acceptedTokens,
  };
}

describe('a reply with drafts', () => {
  test('is what it is without: greedy, sampled, penalised, stopped or cut off anywhere, and so are its logprobs', async () => {
    const coin = createCoin(3);
    const upTo = (n: number) => Math.floor(coin() * n);
    const drafting = await eagerSetup(mutter);
    const before = drafting.engine.stats();
    for (let i = 0; i < 60; i++) {
      const asked = request('ab'.repeat(upTo(20)), {
        maxTokens: 1 + upTo(80),
        stop: i % 4 === 3 ? ['abca', 'bbbb', 'ccac'] : [],
        ...(i % 3 === 0 && { logprobs: 2 }),
        sampling: {
          ...greedy,
          temperature: i % 2 ? 0.5 + coin() : 0,
          topK: 2 * upTo(2),
          topP: i % 3 ? 1 : 0.9,
          minP: 0.2 * upTo(2),
          repetitionPenalty: i % 5 ? 1 : 1.2,
          presencePenalty: upTo(2),
          frequencyPenalty: 0.1 * upTo(2),
          seed: upTo(1e6),
        },
      });
      expect(await ask(drafting.engine, asked)).toEqual(await ask(plainSetup(mutter).engine, asked));
    }
    const { draftTokens, acceptedTokens } = drafting.engine.stats();
    expect(acceptedTokens - before.acceptedTokens).toBeGreaterThan(200);
    expect(draftTokens - before.draftTokens).toBeGreaterThan(1000); // so most were wrong
  });

  test('comes in fewer passes', async () => {
    const { passes, text, accepted } = await askBoth(recite(TEXT), quoting(TEXT));
    expect(text).toBe(TEXT);
    expect(passes.length).toBeLessThan(7 + TEXT.length / 4); // 6 chunks of prompt
    expect(accepted).toBeGreaterThan(30);
  });

  test('ends at a stop token inside a draft', async () => {
    const { passes, done } = await askBoth(recite(TEXT), quoting(TEXT));
    expect(done).toMatchObject({ reason: 'stop', usage: { completionTokens: TEXT.length } });
    expect(passes.at(-1)).toMatchObject({ count: 8, logits: 'all' });
    expect(passes.at(-1)!.from + 8).toBeGreaterThan(2 * TEXT.length + 3 + TEXT.length); // past the stop token
  });

  test('ends at a stop string inside a draft', async () => {
    const { passes, done, text } = await askBoth(recite(TEXT), quoting(TEXT, { stop: ['wn fo'] }));
    expect([text, done.reason]).toEqual(['the quick bro', 'stop']);
    expect(passes.at(-1)!.logits).toBe('all');
  });

  test('ends at its most tokens, and drafts none it could not say', async () => {
    for (let maxTokens = 1; maxTokens < 30; maxTokens++) {
      const { passes, done, text } = await askBoth(recite(TEXT), quoting(TEXT, { maxTokens }));
      expect([text, done.reason]).toEqual([TEXT.slice(0, maxTokens), 'length']);
      const { from, count } = passes.at(-1)!;
      expect(from + count).toBeLessThanOrEqual(2 * TEXT.length + 3 + maxTokens - 1);
    }
  });

  test('fills the context to its last position', async () => {
    const contextLength = 3 * TEXT.length + 3 - 5;
    const passMs = (rows: number) => (rows > 8 ? 60 : 1); // reading takes long, so that drafts may try something
    const setup = localSetup({ script: recite(TEXT), passMs, contextLength });
    for (let i = 0; i < 20; i++) {
      const { text, done } = await ask(setup.engine, quoting(TEXT));
      expect([text, done.reason]).toEqual([TEXT.slice(0, -5), 'length']);
    }
    expect(setup.engine.stats().acceptedTokens).toBeGreaterThan(100);
  });

  test('is not drafted in company, nor where a pass of several rows gains nothing', async () => {
    const setup = await eagerSetup(recite(TEXT));
    const before = setup.llama.batches.length;
    await Promise.all([ask(setup.engine, quoting(TEXT)), ask(setup.engine, quoting(TEXT))]);
    const together = setup.llama.batches.slice(before).filter((batch) => batch.length > 1);
    expect(together.length).toBeGreaterThan(TEXT.length - 2);
    expect(together.flat().some(({ logits }) => logits === 'all')).toBe(false);

    const costly = localSetup({ script: recite(TEXT), passMs: (rows) => rows }, { stalledMs: 1e9 });
    for (let i = 0; i < 20; i++) await ask(costly.engine, quoting(TEXT));
    const { draftTokens, completionTokens } = costly.engine.stats();
    expect(draftTokens).toBeLessThan(completionTokens / 40);
  });

  test('leaves a cache that the next turn can begin from', async () => {
    const setup = await eagerSetup(mutter, { prefixCacheBytes: 1e5 });
    const plain = plainSetup(mutter);
    const { acceptedTokens } = setup.engine.stats();
    let prompt = 'ab'.repeat(20);
    for (let turn = 0; turn < 12; turn++) {
      const asked = request(prompt, { maxTokens: 20 + turn });
      const { text, done } = await ask(setup.engine, asked);
      expect(text).toBe((await ask(plain.engine, asked)).text);
      if (turn > 0) expect(done.usage.cachedTokens).toBeGreaterThanOrEqual(prompt.length - 1);
      prompt += text;
    }
    expect(setup.engine.stats().acceptedTokens - acceptedTokens).toBeGreaterThan(40);
  });

  test('fails with the same cause after the same text when logits in a draft are broken', async () => {
    const script: Script = (tokens) =>
      tokens.at(-1) === 'j'.charCodeAt(0) ? new Float32Array(VOCAB).fill(Number.NaN) : recite(TEXT)(tokens);
    const outcome = async ({ engine }: LocalSetup) => {
      const { parts } = await engine.start(quoting(TEXT), never());
      let text = '';
      try {
        for await (const part of parts) if (part.type === 'text') text += part.text;
      } catch (error) {
        return { text, error: String(error) };
      }
      throw new Error('did not fail');
    };
    const setup = await eagerSetup(script);
    const plain = await outcome(plainSetup(script));
    expect(plain).toEqual({ text: 'the quick brown fox j', error: expect.stringContaining('is NaN') });
    expect(await outcome(setup)).toEqual(plain);
    expect(setup.llama.cachesAlive).toBe(0);
  });

  test('gives everything back when its reader leaves between two rows of a draft', async () => {
    const { engine, llama } = await eagerSetup(recite(TEXT));
    const controller = new AbortController();
    const reply = ask(engine, quoting(TEXT), controller.signal).catch((error) => error);
    const { acceptedTokens } = engine.stats();
    let left = '';
    llama.beforeRead = async () => {
      if (left || engine.stats().acceptedTokens < acceptedTokens + 10) return;
      left = llama.batches.at(-1)![0]!.logits;
      controller.abort();
    };
    expect(await reply).toMatchObject({ name: 'AbortError' });
    expect(left).toBe('all');
    expect(engine.stats()).toMatchObject({ running: 0, aborted: 1, failed: 0, deviceBytes: 0 });
    expect(llama.cachesAlive).toBe(0);
    expect((await ask(engine, quoting(TEXT))).text).toBe(TEXT);
  });
});

describe('what is drawn where a draft stands', () => {
  const LETTERS = [1.2, 0.6, 0.1, -0.3, -1]; // logits of a to e, whatever went before
  const dice: Script = () => {
    const logits = new Float32Array(VOCAB).fill(-Infinity);
    logits.set(LETTERS, 97);
    return logits;
  };
  const plain: Sampling = { ...greedy, temperature: 1 };

  /**
   * Draws some thousands of tokens behind drafts. Returns how far the tokens drawn, counted for each drafted letter
   * apart, are from the sampler's own distribution.
   */
  async function chiSquare(sampling: Sampling, plant: (choose: Choose, drafted: () => number) => Choose) {
    const llama = scriptedLlama({ script: dice });
    const honest = createChoose(llama.device, llama, VOCAB);
    const score = createScore(llama.device, VOCAB, VOCAB);
    const drawn: number[] = [];
    const choose: Choose = async (...args) => {
      const choice = await plant(honest, () => draft[drawn.length]!)(...args);
      drawn.push(choice.id);
      return choice;
    };
    let ms = 0;
    const limits = { running: 1, waiting: 1, prefillChunk: 64, stalledMs: 1e9, prefixCacheBytes: 0 };
    const scheduler = createScheduler({
      llama,
      rows: { choose, score, readStates: async () => new Float32Array() },
      limits,
      nowMs: () => ms++,
    });
    const cost = createStepCost();

    const size = LETTERS.length;
    const seen = new Float64Array(size * size); // drafted letter, drawn letter
    const expected = new Float64Array(size * size);
    let draft = new Uint32Array();
    const { forward } = llama;
    llama.forward = (spans) => {
      draft = spans[0]!.logits === 'all' ? spans[0]!.ids.slice(1) : new Uint32Array();
      drawn.length = 0;
      return forward(spans);
    };

    for (let seed = 0; seed < 400; seed++) {
      const said = new Map<number, number>();
      const prompt = Uint32Array.from('xabcdedcba', (letter) => letter.charCodeAt(0));
      const tokenizer = scriptedTokenizer();
      const options = { prompt, maxTokens: 60, sampling, seed, stop: [], tokenizer, nowMs: 0, cost };
      const sequence = newSequence(options);
      scheduler.enter(sequence);
      while (sequence.state !== 'ended') {
        await scheduler.step();
        scheduler.measure();
        sequence.parts.length = 0;
        for (const [i, id] of drawn.entries()) {
          if (i < draft.length) {
            const logits = dice([]);
            for (const [letter, count] of said)
              logits[letter]! -= sampling.presencePenalty + sampling.frequencyPenalty * count;
            for (const [letter, p] of obviousDistribution(logits, sampling))
              expected[(draft[i]! - 97) * size + letter - 97]! += p;
            seen[(draft[i]! - 97) * size + id - 97]!++;
          }
          said.set(id, (said.get(id) ?? 0) + 1);
        }
      }
    }
    expect(seen.reduce((sum, count) => sum + count)).toBeGreaterThan(5000);
    return expected.reduce((sum, mean, i) => (mean > 0 ? sum + (seen[i]! - mean) ** 2 / mean : sum), 0);
  }

  const LIMIT = 45.3; // 20 degrees of freedom, one in a thousand; the seeds are fixed

  test.each<[string, Sampling]>([
    ['at temperature 1', plain],
    ['cut to the likeliest', { ...plain, temperature: 0.8, topK: 4, topP: 0.95, minP: 0.02 }],
    ['with penalties', { ...plain, temperature: 1.5, presencePenalty: 0.4, frequencyPenalty: 0.05 }],
  ])('has the distribution of the sampler, whatever was drafted: %s', async (_, sampling) => {
    expect(await chiSquare(sampling, (honest) => honest)).toBeLessThan(LIMIT);
  });

  test('a draft that gets a second chance is seen', async () => {
    const twice =
      (honest: Choose, drafted: () => number): Choose =>
      async (...args) => {
        const choice = await honest(...args);
        return choice.id === drafted() ? choice : honest(...args);
      };
    expect(await chiSquare(plain, twice)).toBeGreaterThan(LIMIT);
  });

  test('a draft that is taken a little too gladly is seen', async () => {
    const gladly =
      (honest: Choose, drafted: () => number): Choose =>
      async (...args) => {
        const choice = await honest(...args);
        return drafted() !== undefined && args[0].coin() < 0.06 ? { ...choice, id: drafted() } : choice;
      };
    expect(await chiSquare(plain, gladly)).toBeGreaterThan(LIMIT);
  });
});
