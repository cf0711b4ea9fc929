import LlamaStackClient from 'llama-stack-client';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { OPENAI_KEYS } from '../../app/moderation-keys.ts';
import { REFUSAL } from '../../app/safety.ts';
import { UnfitGuardError } from '../../engine/errors.ts';
import { DEFAULT_POLICY, type Guard, type GuardPolicy } from '../../engine/guard/guard.ts';
import { GUARD_CASES } from '../support/guard-cases.ts';
import { type Opine, scriptedGuard } from '../support/scripted-guard.ts';
import { testApp } from '../support/test-app.ts';

const GUARD = 'tests/guard';

/** Says `unsafe` of what has a word such as BAD9 in it, and names its number. */
const byWord: Opine = (prompt) => {
  const codes = Array.from(prompt.matchAll(/BAD(\d+)/g), ([, number]) => `S${number}`);
  return { answer: codes.length > 0 ? `unsafe\n${codes.join(',')}` : 'safe' };
};

function setup(opine: Opine = byWord, policy: Partial<GuardPolicy> = {}, guard?: Guard) {
  const scripted = scriptedGuard(opine);
  const safety = {
    guard: guard ?? scripted.guard,
    policy: { ...DEFAULT_POLICY, ...policy },
    path: 'off' as const,
    refusal: REFUSAL,
  };
  const { app, logs } = testApp({}, { safety });
  const post = async (path: string, body: unknown) => {
    const response = await app.request(path, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as Body };
  };
  const fetch = async (url: unknown, init: unknown) => app.request(url as string, init as RequestInit);
  return {
    app,
    logs,
    prompts: () => scripted.prompts,
    moderate: (input: unknown, more = {}) => post('/v1/moderations', { input, ...more }),
    shield: (messages: unknown, more = {}) =>
      post('/v1/safety/run-shield', { shield_id: GUARD, messages, ...more }),
    openai: new OpenAI({ apiKey: 'none', baseURL: 'http://localhost/v1', maxRetries: 0, fetch }),
    llamaStack: new LlamaStackClient({ baseURL: 'http://localhost', maxRetries: 0, fetch: fetch as never }),
  };
}

interface Body {
  readonly results: readonly {
    readonly flagged: boolean;
    readonly categories: Record<string, boolean>;
    readonly category_scores: Record<string, number>;
    readonly metadata: { readonly reason: string; readonly codes: string[]; readonly score: number };
  }[];
  readonly violation: { readonly metadata: Record<string, unknown> } | null;
  readonly error: { readonly code: string; readonly param: string | null; readonly message: string };
}

const user = (content: unknown) => ({ role: 'user', content });

describe('POST /v1/moderations', () => {
  test('gives one result for each text', async () => {
    const { body } = await setup().moderate(['fine', 'BAD9', '', 'BAD1 and BAD10']);
    expect(body.results.map(({ flagged }) => flagged)).toEqual([false, true, false, true]);
    expect(body.results.map(({ metadata }) => metadata.codes)).toEqual([[], ['S9'], [], ['S1', 'S10']]);
  });

  test('gives one result for a text, and for the parts of one, all of which are judged', async () => {
    const { moderate, prompts } = setup();
    expect((await moderate('BAD9')).body.results).toHaveLength(1);
    const parts = ['one', 'BAD2', 'three'].map((text) => ({ type: 'text', text }));
    const { results } = (await moderate(parts)).body;
    expect(results.map(({ metadata }) => metadata.codes)).toEqual([['S2']]);
    expect(prompts().at(-1)).toContain('User: one\n\nUser: BAD2\n\nUser: three\n\n');
  });

  test('tells of each category by its own name and by OpenAI’s', async () => {
    const { body } = await setup().moderate('BAD4 BAD10');
    const { categories, category_scores } = body.results[0]!;
    const true_ = Object.keys(categories).filter((key) => categories[key]);
    expect(true_.sort()).toEqual(['Child Exploitation', 'Hate', 'hate', 'sexual', 'sexual/minors']);
    for (const key of true_) expect(category_scores[key]).toBeGreaterThan(0.9);
    expect(category_scores.violence).toBeLessThan(0.1);
    expect(Object.keys(categories)).toEqual(Object.keys(category_scores));
    expect(Object.keys(categories)).toHaveLength(13 + 13);
  });

  test('has scores between 0 and 1 that are not all alike', async () => {
    const logits = { safe: 0, unsafe: 1.3863, '1': 1, '2': 0 };
    const { body } = await setup(() => ({ answer: 'unsafe\n', logits })).moderate('x');
    const { category_scores, metadata } = body.results[0]!;
    expect(metadata.score).toBeCloseTo(0.8, 4);
    const values = Object.values(category_scores);
    for (const value of values) expect(value >= 0 && value <= 0.8001).toBe(true);
    expect(category_scores['Violent Crimes']).toBeGreaterThan(category_scores['Non-Violent Crimes']!);
    expect(new Set(values).size).toBeGreaterThan(3);
  });

  test.each([
    ['input', {}, undefined],
    ['input', {}, 7],
    ['input', {}, []],
    ['input', {}, Array(65).fill('x')],
    ['input[0].type', {}, [{ type: 'image_url', image_url: { url: 'https://example.com/x.png' } }]],
    ['model', { model: 'omni-moderation-latest' }, 'x'],
    ['threshold', { threshold: 0.1 }, 'x'],
  ])('refuses what it cannot do, and names %s', async (param, more, input) => {
    const { status, body } = await setup().moderate(input, more);
    expect(status).toBe(param === 'model' ? 404 : 400);
    expect(body.error.param).toBe(param);
  });

  test('maps only codes that there are', () => {
    for (const code of Object.values(OPENAI_KEYS).flat()) expect(code).toMatch(/^S(1[0-3]|[1-9])$/);
  });
});

describe('POST /v1/safety/run-shield', () => {
  test('has no violation where nothing is unsafe', async () => {
    expect((await setup().shield([user('fine')])).body).toEqual({ violation: null });
  });

  test('says what is violated, with the score', async () => {
    const { body } = await setup().shield([user('BAD1'), { role: 'assistant', content: 'BAD9' }]);
    expect(body.violation).toMatchObject({
      violation_level: 'error',
      user_message: expect.stringContaining("can't answer"),
      metadata: { violation_type: 'S1,S9', reason: 'unsafe', score: expect.closeTo(1, 2) },
    });
  });

  test.each([
    ['a string', 'judge BAD9'],
    ['a part', [{ type: 'text', text: 'judge BAD9' }]],
    [
      'parts',
      [
        { type: 'text', text: 'x' },
        { type: 'text', text: 'judge BAD9' },
      ],
    ],
  ])('judges content that is %s', async (_, content) => {
    const { shield, prompts } = setup();
    expect((await shield([user(content)])).body.violation).not.toBeNull();
    expect(prompts()[0]).toContain('judge BAD9');
  });

  test('asks about the Agent when the assistant spoke last', async () => {
    const { shield, prompts } = setup();
    await shield([user('a'), { role: 'assistant', content: 'b' }]);
    expect(prompts()[0]).toContain('User: a\n\nAgent: b\n\n<END');
    expect(prompts()[0]).toContain('ONLY THE LAST Agent message');
  });

  test('judges the arguments of a call', async () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"x": "BAD3"}' } };
    const { body } = await setup().shield([
      user('a'),
      { role: 'assistant', content: null, tool_calls: [call] },
    ]);
    expect(body.violation!.metadata).toMatchObject({ codes: ['S3'] });
  });

  test('refuses a shield that is not there', async () => {
    const { status, body } = await setup().shield([user('a')], { shield_id: 'x' });
    expect([status, body.error.code, body.error.param]).toEqual([404, 'not_found', 'shield_id']);
  });
});

describe('every decision, over HTTP', () => {
  test.each(GUARD_CASES.filter(({ messages }) => messages.length > 0))('$why', async (one) => {
    const { messages, opinion, policy, expected } = one;
    const { shield } = setup(() => opinion, policy);
    const turns = messages.map(({ role, content }) =>
      role === 'tool' ? { role: 'user', content } : { role, content },
    );
    const { status, body } = await shield(turns);
    expect(status).toBe(200);
    expect(body.violation !== null).toBe(expected.flagged);
    if (expected.flagged && expected.categories)
      expect(body.violation!.metadata).toMatchObject({ codes: expected.categories });
  });
});

describe('without a guard', () => {
  const { app } = testApp();

  test('there are no shields', async () => {
    expect(await (await app.request('/v1/shields')).json()).toEqual({ data: [] });
    expect((await app.request(`/v1/shields/${GUARD}`)).status).toBe(404);
  });

  test.each([
    ['/v1/moderations', { input: 'x' }],
    ['/v1/safety/run-shield', { shield_id: 'x', messages: [user('x')] }],
  ])('%s says which setting it wants', async (path, body) => {
    const response = await app.request(path, { method: 'POST', body: JSON.stringify(body) });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { code: 'no_guard' },
      detail: expect.stringContaining('CRIA_GUARD'),
    });
  });
});

test('a guard that failed its self-test judges nothing: 503', async () => {
  const { guard } = scriptedGuard(byWord);
  const unfit: Guard = { ...guard, state: 'failed', judge: () => Promise.reject(new UnfitGuardError('x')) };
  const { moderate, shield } = setup(byWord, {}, unfit);
  for (const { status, body } of [await moderate('x'), await shield([user('x')])]) {
    expect(status).toBe(503);
    expect(body.error).toMatchObject({ code: 'guard_unfit', message: expect.stringContaining('self-test') });
  }
});

test('the log has the verdict, and no word of what was judged', async () => {
  const { moderate, logs } = setup();
  await moderate('secret BAD9');
  expect(logs).toContainEqual(
    expect.objectContaining({ event: 'verdict', reason: 'unsafe', categories: 'S9' }),
  );
  expect(JSON.stringify(logs)).not.toContain('secret');
});

describe('the clients', () => {
  test('openai moderates', async () => {
    const { results, model } = await setup().openai.moderations.create({ input: ['fine', 'BAD1'] });
    expect(model).toBe(GUARD);
    expect(results.map(({ categories }) => categories.violence)).toEqual([false, true]);
    expect(results[1]!.category_scores.violence).toBeGreaterThan(0.9);
    expect(results[1]!.category_applied_input_types.violence).toEqual(['text']);
  });

  test('llama-stack-client lists shields, finds one, runs it and moderates', async () => {
    const { llamaStack } = setup(byWord, { threshold: 0.7, excluded: ['S6'] });
    const [shield] = await llamaStack.shields.list();
    expect(shield).toMatchObject({ identifier: GUARD, type: 'shield', provider_id: 'cria' });
    expect(shield!.params).toEqual({ threshold: 0.7, excluded_categories: ['S6'] });
    expect(await llamaStack.shields.retrieve(GUARD)).toEqual(shield);

    const run = (content: string) =>
      llamaStack.safety.runShield({ shield_id: GUARD, messages: [{ role: 'user', content }] });
    expect((await run('fine')).violation).toBeNull();
    expect((await run('BAD6')).violation).toBeNull();
    expect((await run('BAD9')).violation).toMatchObject({ violation_level: 'error' });

    const { results } = await llamaStack.moderations.create({ input: ['fine', 'BAD9'] });
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
  });
});
