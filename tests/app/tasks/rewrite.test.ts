import { describe, expect, test } from 'vitest';
import { deltas, taskEvents, tasksApp } from '../../support/tasks-client.ts';

const messagesOf = (request: { readonly prompt: unknown }) =>
  (request.prompt as { messages: { role: string; content: string }[] }).messages;

describe('POST /v1/tasks/rewrite', () => {
  test('rewrites paragraph by paragraph, and what stands between them stays', async () => {
    const { ask, engine } = tasksApp({ each: [[' One. '], ['Two,\ntoo.'], ['Three.']] });
    const text = '\n  first\n \n\nsecond\n\n----- 42\n\nthird\n';
    const reply = await ask('rewrite', { text });
    expect(await reply.json()).toMatchObject({
      object: 'task.rewrite',
      status: 'completed',
      text: '\n  One.\n \n\nTwo,\ntoo.\n\n----- 42\n\nThree.\n',
      usage: { input_tokens: 15, output_tokens: 6, total_tokens: 21 },
    });
    expect(engine.requests.map((request) => messagesOf(request)[1]!.content)).toEqual([
      'first',
      'second',
      'third',
    ]);
  });

  test('streams the same text, and how far it is', async () => {
    const { ask } = tasksApp({ steps: ['ne', 'w'] });
    const events = await taskEvents(await ask('rewrite', { text: 'a\n\nb', stream: true }));
    expect(deltas(events)).toBe('new\n\nnew');
    expect(events.at(-1)!.task).toMatchObject({ text: 'new\n\nnew' });
    expect(
      events.flatMap(({ type, stage, done, total }) =>
        type === 'task.progress' ? [`${stage} ${done}/${total}`] : [],
      ),
    ).toEqual(['read 2/2', 'write 0/2', 'write 1/2', 'write 2/2']);
  });

  test('cuts a paragraph longer than the context, at sentences, and joins it again', async () => {
    const sentences = Array.from({ length: 30 }, (_, i) => `Sentence ${i} says that llamas eat grass.`);
    const { ask, engine } = tasksApp({ steps: ['X.'] }, { contextLength: 500 });
    const { text } = (await (await ask('rewrite', { text: sentences.join(' ') })).json()) as { text: string };
    expect(engine.requests.length).toBeGreaterThan(1);
    expect(text).toBe(engine.requests.map(() => 'X.').join(' '));
    for (const request of engine.requests) {
      const prompt = messagesOf(request).map(({ content }) => content);
      expect(Math.ceil(prompt.join('').length / 4) + request.maxTokens!).toBeLessThanOrEqual(500);
      expect(prompt[1]).toMatch(/^Sentence .*\.$/);
    }
  });

  test('is asked for what is wished, and leaves drafts and their greedy choice alone', async () => {
    const { ask, engine } = tasksApp();
    await ask('rewrite', { text: 'a' });
    await ask('rewrite', { text: 'a', tone: 'formal', length: 'shorter', audience: 'children of ten' });
    await ask('rewrite', { text: 'a', translate_to: 'French', correct: true });
    const [plain, worded, french] = engine.requests.map((request) => messagesOf(request)[0]!.content);
    expect(plain).toContain('Change nothing else.');
    expect(worded).toMatch(/formal.*shorter.*Write for children of ten\./);
    expect(worded).not.toContain('mistakes');
    expect(french).toMatch(/mistakes.*into French\./);
    expect(engine.requests[0]!.sampling).toMatchObject({ temperature: 0, repetitionPenalty: 1 });
  });

  test('keeps a paragraph of which the model makes nothing, and says so', async () => {
    const { ask } = tasksApp({ each: [['new'], [' ']] });
    expect(await (await ask('rewrite', { text: 'a\n\nb' })).json()).toMatchObject({
      text: 'new\n\nb',
      status: 'incomplete',
    });
  });

  test('says when it was cut off', async () => {
    const { ask } = tasksApp({ reason: 'length' });
    expect(await (await ask('rewrite', { text: 'a' })).json()).toMatchObject({ status: 'incomplete' });
  });

  test('asks nothing of a text without words', async () => {
    const { ask, engine } = tasksApp();
    for (const stream of [false, true])
      expect(await (await ask('rewrite', { text: '1 + 1 = 2', stream })).text()).toContain('1 + 1 = 2');
    expect(engine.requests).toHaveLength(0);
  });

  test.each([
    [{ text: 'a\n\n'.repeat(257) }, 'text'],
    [{ text: '' }, 'text'],
    [{ text: 'a', tone: 'angry' }, 'tone'],
    [{ text: 'a', audience: 'x\ny' }, 'audience'],
    [{ text: 'a', translate_to: '' }, 'translate_to'],
    [{ text: 'a', correct: 'yes' }, 'correct'],
  ])('refuses, case %#, and names the field', async (fields, param) => {
    const { ask, engine } = tasksApp();
    const reply = await ask('rewrite', { ...fields, stream: true });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { param } });
    expect(engine.requests).toHaveLength(0);
  });
});
