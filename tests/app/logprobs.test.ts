// Logprobs, echo and best_of, as OpenAI's two routes write them.
import { describe, expect, test } from 'vitest';
import type { Part, TokenLogprob } from '../../engine/engine.ts';
import { events, testApp } from '../support/test-app.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function token(
  text: string | Uint8Array,
  logprob: number | null,
  more: Partial<TokenLogprob> = {},
): TokenLogprob {
  return { id: 1, bytes: typeof text === 'string' ? bytes(text) : text, logprob, top: [], start: 0, ...more };
}

const said = (text: string, ...tokens: TokenLogprob[]): Part => ({ type: 'text', text, tokens });

const LLAMA = bytes('🦙');
const eot = { id: 9, bytes: new Uint8Array(0), special: '<|eot_id|>', logprob: -3 };
const STEPS: Part[] = [
  said('He', token('He', -0.5, { top: [{ id: 1, bytes: bytes('He'), logprob: -0.5 }, eot] })),
  said('🦙', token(LLAMA.slice(0, 2), -1, { start: 2 }), token(LLAMA.slice(2), -Infinity, { start: 2 })),
  said('!', token('!', -0.25, { start: 3, top: [{ id: 7, bytes: bytes('?'), logprob: -0.2 }] })),
];

const CONTENT = [
  {
    token: 'He',
    logprob: -0.5,
    bytes: [72, 101],
    top_logprobs: [
      { token: 'He', logprob: -0.5, bytes: [72, 101] },
      { token: '<|eot_id|>', logprob: -3, bytes: null },
    ],
  },
  { token: '\\xf0\\x9f', logprob: -1, bytes: [0xf0, 0x9f], top_logprobs: [] },
  { token: '\\xa6\\x99', logprob: -9999, bytes: [0xa6, 0x99], top_logprobs: [] },
  { token: '!', logprob: -0.25, bytes: [33], top_logprobs: [{ token: '?', logprob: -0.2, bytes: [63] }] },
];

const data = async (reply: Response) => {
  const all = await events(reply);
  expect(all.pop()).toBe('[DONE]');
  return all.map((text) => JSON.parse(text));
};

describe('chat logprobs', () => {
  test('are those of every token, with its true bytes', async () => {
    const { chat, engine } = testApp({ steps: STEPS });
    const { choices } = await (await chat({ logprobs: true, top_logprobs: 2 })).json();
    expect(choices[0].message.content).toBe('He🦙!');
    expect(choices[0].logprobs).toEqual({ content: CONTENT, refusal: null });
    expect(engine.requests[0]).toMatchObject({ logprobs: 2 });
  });

  test('come with the text they belong to', async () => {
    const chunks = await data(await testApp({ steps: STEPS }).chat({ logprobs: true, stream: true }));
    const told = chunks.map(({ choices: [{ delta, logprobs }] }) => [delta.content, logprobs?.content]);
    expect(told).toEqual([
      ['', undefined],
      ['He', CONTENT.slice(0, 1)],
      ['🦙', CONTENT.slice(1, 3)],
      ['!', CONTENT.slice(3)],
      [undefined, undefined],
    ]);
  });

  test('are not there unless asked for', async () => {
    const { chat, engine } = testApp();
    for (const fields of [{}, { logprobs: false }, { logprobs: null, top_logprobs: 0 }])
      expect((await (await chat(fields)).json()).choices[0].logprobs).toBeNull();
    expect(engine.requests.every((request) => !('logprobs' in request))).toBe(true);
    await chat({ logprobs: true });
    expect(engine.requests.at(-1)!.logprobs).toBe(0);
  });
});

describe('text logprobs', () => {
  const LOGPROBS = {
    tokens: ['He', 'bytes:\\xf0\\x9f', 'bytes:\\xa6\\x99', '!'],
    token_logprobs: [-0.5, -1, -9999, -0.25],
    top_logprobs: [
      { He: -0.5, '<|eot_id|>': -3 },
      { 'bytes:\\xf0\\x9f': -1 },
      { 'bytes:\\xa6\\x99': -9999 },
      { '?': -0.2, '!': -0.25 }, // the chosen one beside the likeliest
    ],
    text_offset: [0, 2, 2, 3],
  };

  test('are four lists', async () => {
    const { text, engine } = testApp({ steps: STEPS });
    const { choices } = await (await text({ logprobs: 2 })).json();
    expect(choices[0].logprobs).toEqual(LOGPROBS);
    expect(engine.requests[0]!.logprobs).toBe(2);
  });

  test('come with the text they belong to', async () => {
    const chunks = await data(await testApp({ steps: STEPS }).text({ logprobs: 0, stream: true }));
    expect(chunks.map(({ choices: [{ logprobs }] }) => logprobs?.text_offset)).toEqual([
      [0],
      [2, 2],
      [3],
      undefined,
    ]);
    expect(chunks[1].choices[0].logprobs.tokens).toEqual(LOGPROBS.tokens.slice(1, 3));
  });

  test('of an echoed prompt have null for its first token', async () => {
    const steps = [
      said('a b', token('a', null), token(' b', -2, { start: 1 })),
      said('c', token('c', -1, { start: 3 })),
    ];
    const { text, engine } = testApp({ steps });
    const { choices } = await (await text({ logprobs: 0, echo: true, max_tokens: 0 })).json();
    expect(choices[0]).toMatchObject({
      text: 'a bc',
      logprobs: {
        tokens: ['a', ' b', 'c'],
        token_logprobs: [null, -2, -1],
        top_logprobs: [null, { ' b': -2 }, { c: -1 }],
        text_offset: [0, 1, 3],
      },
    });
    expect(engine.requests[0]).toMatchObject({ echo: true, logprobs: 0, maxTokens: 0 });
  });
});

describe('best_of', () => {
  const reply = (text: string, ...logprobs: number[]) => [
    said(text, ...logprobs.map((logprob) => token('x', logprob))),
  ];
  const each = [
    reply('mean -2', -1, -3),
    [], // says nothing, and is the worst
    reply('mean -1', -1, -1, -1, -1), // less likely in all than the next, more so by token
    reply('mean -1.5', -1.5),
  ];
  const usage = { promptTokens: 5, cachedTokens: 0, completionTokens: 2 };

  test('gives the n likeliest by token, the best first, and counts them all', async () => {
    const { text, engine } = testApp({ each, usage });
    const { choices, usage: used } = await (await text({ best_of: 4, n: 3, seed: 1 })).json();
    expect(choices.map((choice: { index: number; text: string }) => [choice.index, choice.text])).toEqual([
      [0, 'mean -1'],
      [1, 'mean -1.5'],
      [2, 'mean -2'],
    ]);
    expect(choices.every(({ logprobs }: { logprobs: unknown }) => logprobs === null)).toBe(true);
    expect(used).toMatchObject({ prompt_tokens: 5, completion_tokens: 8 });
    expect(engine.requests.map(({ sampling, logprobs }) => [sampling.seed, logprobs])).toEqual(
      [1, 2, 3, 4].map((seed) => [seed, 0]),
    );
  });

  test('shows their logprobs when asked, and chooses for each prompt apart', async () => {
    const { text } = testApp({ each, usage });
    const { choices } = await (await text({ prompt: ['a', 'b'], best_of: 2, logprobs: 1 })).json();
    expect(choices).toMatchObject([
      { text: 'mean -2', logprobs: { token_logprobs: [-1, -3] } },
      { text: 'mean -1', logprobs: { token_logprobs: [-1, -1, -1, -1] } },
    ]);
  });

  test('does not count an echoed prompt', async () => {
    const prompt = [token('p', null), token('q', -50)];
    const two = { promptTokens: 2, cachedTokens: 0, completionTokens: 1 };
    const steps = [
      [said('pq', ...prompt), ...reply('long', -2, -2, -2, -2)],
      [said('pq', ...prompt), ...reply('short', -1)],
    ];
    const { text } = testApp({ each: steps, usage: two });
    const { choices } = await (await text({ best_of: 2, echo: true })).json();
    expect(choices[0].text).toBe('pqshort');
  });

  test('equal to n gives them as they are, and may stream', async () => {
    const { text } = testApp({ each: [['a'], ['b']] });
    expect((await (await text({ best_of: 2, n: 2 })).json()).choices).toMatchObject([
      { text: 'a' },
      { text: 'b' },
    ]);
    expect((await testApp().text({ best_of: 2, n: 2, stream: true })).status).toBe(200);
  });
});
