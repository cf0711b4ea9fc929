// Several completions for one request: `n`, and lists of prompts.
import { describe, expect, test } from 'vitest';
import { BusyError } from '../../engine/errors.ts';
import { events, testApp } from '../support/test-app.ts';

const EACH = [['a1', 'a2'], ['b1'], ['c1', 'c2', 'c3']];
const usage = { promptTokens: 5, cachedTokens: 1, completionTokens: 2 };

interface AnyChoice {
  index: number;
  finish_reason: string | null;
  text?: string;
  delta?: { content?: string };
  message?: { content: string };
}

/** The events of a stream without its end, and the text of each choice. */
async function streamed(reply: Response) {
  const data = await events(reply);
  expect(data.pop()).toBe('[DONE]');
  const chunks = data.map((text) => JSON.parse(text) as { choices: AnyChoice[]; usage?: object | null });
  const texts: string[] = [];
  for (const { index, text, delta } of chunks.flatMap(({ choices }) => choices))
    texts[index] = (texts[index] ?? '') + (text ?? delta?.content ?? '');
  return { chunks, texts };
}

describe('n', () => {
  test('gives so many choices, and counts the prompt once', async () => {
    const { chat, engine } = testApp({ each: EACH, usage });
    const { choices, usage: used } = await (await chat({ n: 3 })).json();
    expect(choices.map(({ index, message }: AnyChoice) => [index, message!.content])).toEqual([
      [0, 'a1a2'],
      [1, 'b1'],
      [2, 'c1c2c3'],
    ]);
    expect(used).toEqual({
      prompt_tokens: 5,
      completion_tokens: 6,
      total_tokens: 11,
      prompt_tokens_details: { cached_tokens: 1 },
    });
    expect(engine.requests).toHaveLength(3);
  });

  test.each([
    [40, [40, 41, 42]],
    [-1, [-1, 0, 1]],
    [2 ** 62, [2 ** 62, 1, 2]], // no double lies between it and the next
    [undefined, [undefined, undefined, undefined]],
  ])('gives each choice a seed of its own: %s', async (seed, seeds) => {
    const { chat, engine } = testApp();
    await chat({ n: 3, seed });
    expect(engine.requests.map(({ sampling }) => sampling.seed)).toEqual(seeds);
  });

  test('streams choices as they come, each with its role, text and reason', async () => {
    const { chat } = testApp({ each: EACH, usage });
    const reply = await chat({ n: 3, stream: true, stream_options: { include_usage: true } });
    const { chunks, texts } = await streamed(reply);

    expect(texts).toEqual(['a1a2', 'b1', 'c1c2c3']);
    const roles = chunks.slice(0, 3).map(({ choices }) => choices);
    expect(roles).toMatchObject([0, 1, 2].map((index) => [{ index, delta: { role: 'assistant' } }]));
    const order = chunks.flatMap(({ choices }) => choices.map(({ index }) => index)).slice(3);
    expect(order.slice(0, 3)).toEqual([0, 1, 2]); // one of each, not the first to its end
    for (const index of [0, 1, 2]) {
      const reasons = chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index));
      expect(reasons.map(({ finish_reason }) => finish_reason).filter(Boolean)).toEqual(['stop']);
      expect(reasons.at(-1)!.finish_reason).toBe('stop');
    }
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 6 } });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  test.each([false, true])('stops all when one fails, stream: %s', async (stream) => {
    const { chat, engine, logs } = testApp({
      each: [['a', new Promise(() => {})], ['b', new Error('broken')], Array<string>(1000).fill('c')],
    });
    const reply = await chat({ n: 3, stream });
    expect(await reply.text()).toContain('internal error in request id-1');
    expect(engine.abandoned).toBe(3);
    const outcomes = logs.filter(({ event }) => event === 'completion').map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(['aborted', 'aborted', 'error']);
  });

  test('stops all when the reader leaves', async () => {
    const { chat, engine } = testApp({ steps: ['x', new Promise(() => {})] });
    const reader = (await chat({ n: 3, stream: true })).body!.getReader();
    for (let i = 0; i < 5; i++) await reader.read();
    await reader.cancel();
    expect(engine.abandoned).toBe(3);
    expect(engine.signals.every(({ aborted }) => aborted)).toBe(true);
  });

  test.each([false, true])('leaves none running when one is refused, stream: %s', async (stream) => {
    const { chat, engine } = testApp({ refusal: new BusyError(4, 1), room: 2 });
    expect((await chat({ n: 3, stream })).status).toBe(429);
    expect(engine.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });
});

describe('several prompts', () => {
  const each = [['a'], ['b'], ['c'], ['d']];

  test('give their choices prompt by prompt, and count each prompt', async () => {
    const { text, engine } = testApp({ each, usage });
    const { choices, usage: used } = await (await text({ prompt: ['one', 'two'], n: 2, seed: 7 })).json();
    expect(choices).toMatchObject(
      ['a', 'b', 'c', 'd'].map((text, index) => ({ index, text, finish_reason: 'stop' })),
    );
    expect(used).toMatchObject({ prompt_tokens: 10, completion_tokens: 8, total_tokens: 18 });
    expect(engine.requests.map(({ prompt, sampling }) => [prompt, sampling.seed])).toEqual([
      [{ type: 'text', text: 'one' }, 7],
      [{ type: 'text', text: 'one' }, 8],
      [{ type: 'text', text: 'two' }, 7], // what it would get alone
      [{ type: 'text', text: 'two' }, 8],
    ]);
  });

  test('may be lists of ids, and stream', async () => {
    const { text, engine } = testApp({ each, usage });
    const reply = await text({
      prompt: [[1, 2], [3]],
      n: 2,
      stream: true,
      stream_options: { include_usage: true },
    });
    const { chunks, texts } = await streamed(reply);
    expect(texts).toEqual(['a', 'b', 'c', 'd']);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 8 } });
    expect(engine.requests.map(({ prompt }) => prompt)).toEqual(
      [[1, 2], [1, 2], [3], [3]].map((ids) => ({ type: 'tokens', ids })),
    );
  });
});
