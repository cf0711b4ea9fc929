/** Conversations that a guard judges as they pass. */
import { describe, expect, test } from 'vitest';
import { REFUSAL, type Safety } from '../../app/safety.ts';
import { UnfitGuardError } from '../../engine/errors.ts';
import { DEFAULT_POLICY, type Guard } from '../../engine/guard/guard.ts';
import { createGuardedEngine } from '../../engine/guard/guarded-engine.ts';
import type { Script } from '../support/scripted-engine.ts';
import { scriptedGuard } from '../support/scripted-guard.ts';
import { events, MODEL, testApp } from '../support/test-app.ts';

function setup(path: Safety['path'], script: Partial<Script> = {}, more: Partial<Safety> = {}) {
  const scripted = scriptedGuard((prompt) => ({ answer: /BAD/.test(prompt) ? 'unsafe\nS9' : 'safe' }));
  const safety: Safety = { guard: scripted.guard, policy: DEFAULT_POLICY, path, refusal: REFUSAL, ...more };
  const made = testApp(script, { safety, wrap: (engine) => createGuardedEngine(engine, safety) });
  const respond = (fields: object) =>
    made.app.request('/v1/responses', { method: 'POST', body: JSON.stringify({ model: MODEL, ...fields }) });
  return { ...made, respond, prompts: () => scripted.prompts };
}

const asks = (content: string) => ({ messages: [{ role: 'user', content }] });
const LONG = Array.from({ length: 100 }, (_, i) => `word${i} `); // 690 characters
const withBad = (at: number) => LONG.toSpliced(at, 0, 'BAD ');

interface Reply {
  readonly choices: readonly {
    readonly message: { readonly content: string };
    readonly text: string;
    readonly finish_reason: string;
  }[];
  readonly status: string;
  readonly incomplete_details: { readonly reason: string } | null;
}
const json = async (response: Response | Promise<Response>) => (await (await response).json()) as Reply;

async function streamed(response: Response) {
  const data = await events(response);
  expect(data.at(-1)).toBe('[DONE]');
  const chunks = data.slice(0, -1).map((one) => JSON.parse(one).choices[0]);
  const text = chunks.map(({ delta, text }) => delta?.content ?? text ?? '').join('');
  return { text, reason: chunks.at(-1).finish_reason };
}

describe('what is asked', () => {
  test.each(['input', 'both'] as const)('is judged with %s before the model is asked', async (path) => {
    const { chat, engine } = setup(path);
    const { choices } = await json(chat(asks('BAD')));
    expect(choices[0]).toMatchObject({ message: { content: REFUSAL }, finish_reason: 'content_filter' });
    expect(engine.requests).toHaveLength(0);
  });

  test.each(['off', 'output'] as const)('is not judged with %s', async (path) => {
    const { chat, engine } = setup(path);
    expect((await chat(asks('BAD'))).status).toBe(200);
    expect(engine.requests).toHaveLength(1);
  });

  test('is judged for streams, texts and responses too', async () => {
    const { chat, text, respond, engine } = setup('input');
    expect(await streamed(await chat({ ...asks('BAD'), stream: true }))).toEqual({
      text: REFUSAL,
      reason: 'content_filter',
    });
    expect((await json(text({ prompt: 'BAD' }))).choices[0]).toMatchObject({
      text: REFUSAL,
      finish_reason: 'content_filter',
    });
    expect(await json(respond({ input: 'BAD' }))).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
    });
    expect(engine.requests).toHaveLength(0);
  });

  test.each([
    ['a string', 'BAD'],
    [
      'parts',
      [
        { type: 'text', text: 'x' },
        { type: 'text', text: 'BAD' },
      ],
    ],
  ])('is judged when its content is %s', async (_, content) => {
    const { chat, engine } = setup('input');
    await chat({ messages: [{ role: 'user', content }] });
    expect(engine.requests).toHaveLength(0);
  });

  test('is judged once for all choices', async () => {
    let judged = 0;
    const { guard } = scriptedGuard(() => ({ answer: 'safe' }));
    const counting: Guard = {
      ...guard,
      judge: (...asked) => {
        judged++;
        return guard.judge(...asked);
      },
    };
    const { chat, engine } = setup('input', {}, { guard: counting });
    await chat({ ...asks('fine'), n: 3 });
    expect(engine.requests).toHaveLength(3);
    expect(judged).toBe(1);
  });

  test('cannot be token ids: 400', async () => {
    const { text } = setup('input');
    const response = await text({ prompt: [1, 2] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'prompt' } });
  });

  test('of a model that is not there is not judged', async () => {
    const { chat, prompts } = setup('input');
    expect((await chat({ ...asks('fine'), model: 'x' })).status).toBe(404);
    expect(prompts()).toHaveLength(0);
  });
});

describe('what is said', () => {
  test('passes whole when it is safe, streamed and not', async () => {
    const { chat } = setup('both', { steps: LONG });
    expect(await streamed(await chat({ ...asks('hi'), stream: true }))).toEqual({
      text: LONG.join(''),
      reason: 'stop',
    });
    expect((await json(chat(asks('hi')))).choices[0]!.message.content).toBe(LONG.join(''));
  });

  test.each([0, 1, 20, 50, 80, 99, 100])('ends before what is unsafe, at word %d', async (at) => {
    const { chat, engine } = setup('output', { steps: withBad(at) });
    const { text, reason } = await streamed(await chat({ ...asks('hi'), stream: true }));
    expect(reason).toBe('content_filter');
    expect(LONG.slice(0, at).join('').startsWith(text)).toBe(true);
    expect(text).not.toContain('BAD');
    if (at < 50) expect(engine.abandoned).toBe(1); // the model does not go on for nobody
  });

  test('is judged in the light of what was asked, as the Agent’s', async () => {
    const { chat, prompts } = setup('output');
    await chat(asks('a question'));
    expect(prompts()[0]).toContain('User: a question\n\nAgent: Hello world\n\n<END');
  });

  test('ends texts and responses, too', async () => {
    const { text, respond } = setup('output', { steps: withBad(3) });
    expect((await json(text())).choices[0]).toMatchObject({ text: '', finish_reason: 'content_filter' });
    expect(await json(respond({ input: 'hi' }))).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
    });
  });

  test('of one choice does not end the other', async () => {
    const { chat } = setup('output', { each: [withBad(3), LONG] });
    const { choices } = await json(chat({ ...asks('hi'), n: 2 }));
    expect(choices.map(({ finish_reason }) => finish_reason)).toEqual(['content_filter', 'stop']);
    expect(choices[1]!.message.content).toBe(LONG.join(''));
  });
});

test('a guard that is unfit lets nothing pass: 503', async () => {
  const guard: Guard = {
    ...scriptedGuard(() => ({ answer: 'safe' })).guard,
    judge: () => Promise.reject(new UnfitGuardError('x')),
  };
  const input = setup('input', {}, { guard });
  expect((await input.chat(asks('fine'))).status).toBe(503);
  expect(input.engine.requests).toHaveLength(0);

  const output = setup('output', {}, { guard });
  expect((await output.chat(asks('fine'))).status).toBe(503);
  const stream = await (await output.chat({ ...asks('fine'), stream: true })).text();
  expect(stream).toContain('guard_unfit');
  expect(stream).not.toContain('Hello');
});
