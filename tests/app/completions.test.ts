import { describe, expect, test } from 'vitest';
import { events, MODEL, START_MS, testApp } from '../support/test-app.ts';

describe('POST /v1/completions', () => {
  test('answers with the whole text', async () => {
    const reply = await testApp({ steps: [' upon', ' a'], reason: 'length' }).text();
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({
      id: 'cmpl-id-2',
      object: 'text_completion',
      created: Math.floor(START_MS / 1000),
      model: MODEL,
      choices: [{ index: 0, text: ' upon a', logprobs: null, finish_reason: 'length' }],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 2,
        total_tokens: 7,
        prompt_tokens_details: { cached_tokens: 0 },
      },
    });
  });

  test('streams the text, the reason, the usage, then [DONE]', async () => {
    const reply = await testApp({ steps: [' upon', ' a'] }).text({
      stream: true,
      stream_options: { include_usage: true },
    });
    const all = await events(reply);
    expect(all.pop()).toBe('[DONE]');

    const chunks = all.map((data) => JSON.parse(data));
    expect(chunks.map(({ choices }) => choices.map((c: { text: string }) => c.text))).toEqual([
      [' upon'],
      [' a'],
      [''],
      [],
    ]);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, 'stop', undefined]);
    expect(chunks.map(({ usage }) => usage?.total_tokens)).toEqual([undefined, undefined, undefined, 7]);
  });

  test.each([
    { prompt: 'Once', as: { type: 'text', text: 'Once' } },
    { prompt: '', as: { type: 'text', text: '' } },
    { prompt: null, as: { type: 'text', text: '' } },
    { prompt: ['Once'], as: { type: 'text', text: 'Once' } },
    { prompt: [128000, 1], as: { type: 'tokens', ids: [128000, 1] } },
    { prompt: [7], as: { type: 'tokens', ids: [7] } },
    { prompt: [[7, 8]], as: { type: 'tokens', ids: [7, 8] } },
  ])('reads the prompt $prompt', async ({ prompt, as }) => {
    const { text, engine } = testApp();
    expect((await text({ prompt })).status).toBe(200);
    expect(engine.requests[0]!.prompt).toEqual(as);
  });

  test('asks for 16 tokens unless told, as OpenAI does', async () => {
    const { text, engine } = testApp();
    await text();
    await text({ max_tokens: 3, temperature: 0 });
    expect(engine.requests.map(({ maxTokens }) => maxTokens)).toEqual([16, 3]);
    expect(engine.requests[1]!.sampling.temperature).toBe(0);
  });
});
