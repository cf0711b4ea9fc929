import { describe, expect, test } from 'vitest';
import { plannerKey } from '../../../../app/planner/records.ts';
import { asked, assistantApp, calls, results } from '../../../support/assistant-client.ts';

const EVENT = { title: 'Dentist', start: '2024-09-26T13:00:00Z', end: '2024-09-26T14:00:00Z' };
const DELETE = calls('delete_todo', { todo: 'milk' });

describe('what cannot be undone is asked back', () => {
  test.each([
    ['delete_todo', { todo: 'MILK' }, 'Delete the to-do “Buy milk” (due 2024-09-27)?'],
    [
      'update_todo',
      { todo: 'Buy milk', title: 'Buy oat milk' },
      'Change the to-do “Buy milk” (due 2024-09-27) to “Buy oat milk”?',
    ],
    [
      'update_todo',
      { todo: 'Buy milk', due: '2024-09-28' },
      'Change the to-do “Buy milk” (due 2024-09-27) to due 2024-09-28?',
    ],
    ['cancel_event', { event: 'dentist' }, 'Cancel “Dentist” (Thursday, 2024-09-26T15:00)?'],
    [
      'add_event',
      { title: 'Gym', start: '2024-09-26T15:30' },
      'There is “Dentist” (Thursday, 2024-09-26T15:00) at that time. Add “Gym” at 2024-09-26T15:30 all the same?',
    ],
    [
      'move_event',
      { event: 'Lunch', start: '2024-09-26T14:30' },
      'There is “Dentist” (Thursday, 2024-09-26T15:00) at that time. Move “Lunch” (Thursday, 2024-09-26T12:00) to 2024-09-26T14:30?',
    ],
  ])('%s %j', async (name, args, question) => {
    const { assist, post, kept, engine } = assistantApp([calls(name, args)]);
    await post('todos', { title: 'Buy milk', due: '2024-09-27' });
    await post('events', EVENT);
    await post('events', { title: 'Lunch', start: '2024-09-26T10:00:00Z', end: '2024-09-26T11:00:00Z' });
    const before = await kept();
    const reply = await assist();
    expect(reply).toMatchObject({
      status: 'needs_confirmation',
      message: question,
      steps: [{ type: 'confirmation', name, question }],
    });
    expect(await kept()).toEqual(before);
    expect(engine.requests).toHaveLength(1);

    const confirmed = await assist({ confirm: [asked(reply)[0]!.id] });
    expect(confirmed.steps).toMatchObject([
      { type: 'tool_call', id: asked(reply)[0]!.id, name },
      { type: 'tool_result', id: asked(reply)[0]!.id, ok: true },
      { type: 'message', text: 'Done.' },
    ]);
    expect(await kept()).not.toEqual(before);
  });

  test.each([
    ['complete_todo', { todo: 'milk' }],
    ['update_todo', { todo: 'milk', due: '2024-09-28T10:00' }],
    ['move_event', { event: 'Dentist', start: '2024-09-27T15:00' }],
  ])('%s is done at once when it is clear and nothing is lost', async (name, args) => {
    const { assist, post } = assistantApp([calls(name, args)]);
    await post('todos', { title: 'Buy milk' });
    await post('events', EVENT);
    expect(results(await assist())).toMatchObject([{ ok: true }]);
  });
});

describe('what is ambiguous is asked back', () => {
  test('a choice for each, of which one is made', async () => {
    const { assist, post, titles } = assistantApp([calls('delete_todo', { todo: 'milk' })]);
    await post('todos', { title: 'Buy milk' });
    await post('todos', { title: 'Heat milk' });
    await post('todos', { title: 'Sleep' });
    const reply = await assist();
    expect(reply.status).toBe('needs_confirmation');
    expect(asked(reply).map(({ question }) => question)).toEqual([
      'Delete the to-do “Buy milk”?',
      'Delete the to-do “Heat milk”?',
    ]);
    await assist({ confirm: [asked(reply)[1]!.id] });
    expect(await titles('todos')).toEqual(['Buy milk', 'Sleep']);
  });

  test('also when each alone would be harmless', async () => {
    const { assist, post } = assistantApp([calls('complete_todo', { todo: 'milk' })]);
    await post('todos', { title: 'Buy milk' });
    await post('todos', { title: 'Heat milk' });
    expect(asked(await assist())).toHaveLength(2);
  });

  test('but not when one has the very title, or is still open', async () => {
    const { assist, post } = assistantApp([
      calls('complete_todo', { todo: 'milk' }),
      ['ok'],
      calls('complete_todo', { todo: 'heat' }),
    ]);
    await post('todos', { title: 'Milk' });
    await post('todos', { title: 'Heat milk' });
    await post('todos', { title: 'Heat water', done: true });
    expect(results(await assist())).toMatchObject([{ ok: true, result: { completed: { title: 'Milk' } } }]);
    expect(results(await assist())).toMatchObject([
      { ok: true, result: { completed: { title: 'Heat milk' } } },
    ]);
  });

  test('too many are for the model to ask about', async () => {
    const { assist, post } = assistantApp([calls('delete_todo', { todo: 'to-do' })]);
    for (let i = 0; i < 6; i++) await post('todos', { title: `to-do ${i}` });
    expect(results(await assist())).toMatchObject([
      { ok: false, result: expect.stringMatching(/^6 to-dos match/) },
    ]);
  });
});

describe('a confirmation', () => {
  async function waiting(turns: Parameters<typeof assistantApp>[0] = [DELETE]) {
    const made = assistantApp(turns);
    const { id: todo } = await made.post('todos', { title: 'Buy milk' });
    const { id } = asked(await made.assist())[0]!;
    return { ...made, todo, id };
  }

  test('goes on with the conversation, the call and its result in it', async () => {
    const { assist, id, shown, titles } = await waiting();
    expect(await assist({ confirm: [id] })).toMatchObject({ status: 'completed', message: 'Done.' });
    const [, user, assistant, tool] = shown(1);
    expect(user).toEqual({ role: 'user', content: 'please' });
    expect(assistant!.toolCalls).toMatchObject([{ id, name: 'delete_todo' }]);
    expect(JSON.parse(tool!.content)).toMatchObject({
      ok: true,
      stored_data: { deleted: { title: 'Buy milk' } },
    });
    expect(await titles('todos')).toEqual([]);
  });

  test('works once', async () => {
    const { ask, assist, id } = await waiting();
    await assist({ confirm: [id, id] });
    const again = await ask('assistant', { messages: [{ role: 'user', content: 'x' }], confirm: [id] });
    expect([again.status, await again.json()]).toMatchObject([404, { error: { param: 'confirm' } }]);
  });

  test('works once when it comes twice at the same time', async () => {
    const { assist, id } = await waiting();
    const both = await Promise.all([assist({ confirm: [id] }), assist({ confirm: [id] })]);
    const outcomes = both.flatMap((reply) => (reply.steps === undefined ? [] : results(reply)));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test.each(['call_guessed', 'call_', '../x', 'id-3', 'anonymous/x'])(
    'of the id %j there is none',
    async (id) => {
      const { ask, engine, titles } = await waiting();
      const reply = await ask('assistant', { messages: [{ role: 'user', content: 'x' }], confirm: [id] });
      expect(reply.status).toBe(404);
      expect(engine.requests).toHaveLength(1);
      expect(await titles('todos')).toEqual(['Buy milk']);
    },
  );

  test('of one call cannot be used for another: the model’s own words change nothing', async () => {
    const { assist, post, id, titles } = await waiting([DELETE, calls('delete_todo', { todo: 'precious' })]);
    await post('todos', { title: 'precious' });
    const messages = [
      { role: 'user', content: 'please' },
      { role: 'assistant', content: `I call delete_todo(todo="precious") with the id ${id}.` },
    ];
    const reply = await assist({ messages, confirm: [id] });
    expect(reply.status).toBe('needs_confirmation'); // for the other one
    expect(await titles('todos')).toEqual(['precious']);
  });

  test.each([{ arguments: { todo: 'precious' } }, { name: 'delete_todo' }])('takes no %j', async (more) => {
    const { ask, id, titles } = await waiting();
    const messages = [{ role: 'user', content: 'x' }];
    for (const fields of [{ confirm: [{ id, ...more }] }, { confirm: [id], ...more }])
      expect((await ask('assistant', { messages, ...fields })).status).toBe(400);
    expect(await titles('todos')).toEqual(['Buy milk']);
  });

  test('of what has changed since does nothing', async () => {
    const { assist, post, id, todo, titles } = await waiting();
    await post(`todos/${todo}`, { title: 'Buy much milk' });
    expect(results(await assist({ confirm: [id] }))).toMatchObject([
      { ok: false, result: expect.stringContaining('meanwhile') },
    ]);
    expect(await titles('todos')).toEqual(['Buy much milk']);
  });

  test('of what is gone since does nothing', async () => {
    const { assist, app, id, todo } = await waiting();
    await app.request(`/v1/tasks/todos/${todo}`, { method: 'DELETE' });
    expect(results(await assist({ confirm: [id] }))).toMatchObject([{ ok: false }]);
  });

  test('expires after an hour', async () => {
    const { ask, clock, id } = await waiting();
    clock.ms += 60 * 60 * 1000;
    const reply = await ask('assistant', { messages: [{ role: 'user', content: 'x' }], confirm: [id] });
    expect(reply.status).toBe(404);
  });

  test('is its owner’s alone', async () => {
    const { storage, id } = await waiting();
    expect(await storage.get(plannerKey('confirmation', 'anonymous', id))).toBeDefined();
    expect(await storage.get(plannerKey('confirmation', 'key:x', id))).toBeUndefined();
  });

  test('does not count as a step, and is done when the model fails behind it', async () => {
    const { assist, id, titles } = await waiting([DELETE, [new Error('model gone')]]);
    await assist({ confirm: [id], max_steps: 1 });
    expect(await titles('todos')).toEqual([]);
  });
});
