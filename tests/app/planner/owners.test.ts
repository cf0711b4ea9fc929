import { expect, test } from 'vitest';
import { asked, assistantApp, calls } from '../../support/assistant-client.ts';
import { START_MS } from '../../support/test-app.ts';
import { bearer, testAccess, testKey } from '../../support/test-keys.ts';

/** Ids chosen to pose as another's. */
const [ALICE, BOB, SLASH] = ['alice', 'anonymous', 'alice/todo_x'] as const;

function setUp(turns: Parameters<typeof assistantApp>[0] = []) {
  const { access } = testAccess(
    [ALICE, BOB, SLASH].map((id) => testKey(id)),
    { ms: START_MS },
  );
  const made = assistantApp(turns, { access });
  const as = async (key: string, method: string, path: string, body?: object) => {
    const reply = await made.app.request(`/v1/tasks/${path}`, {
      method,
      headers: bearer(key),
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: reply.status, text: await reply.text() };
  };
  return { ...made, as };
}
const DELETE = calls('delete_todo', { todo: 'Secret' });
const EVENT = { title: 'Secret', start: '2024-09-26T13:00:00Z', end: '2024-09-26T14:00:00Z' };

test('what one key keeps, another neither sees nor changes', async () => {
  const { as } = setUp();
  const { id } = JSON.parse((await as(ALICE, 'POST', 'todos', { title: 'Secret' })).text);
  const { id: event } = JSON.parse((await as(ALICE, 'POST', 'events', EVENT)).text);
  for (const other of [BOB, SLASH]) {
    for (const path of ['todos', 'events', 'calendar.ics'])
      expect((await as(other, 'GET', path)).text).not.toContain('Secret');
    expect((await as(other, 'GET', `todos?after=${id}`)).status).toBe(404);
    expect((await as(other, 'POST', `todos/${id}`, { done: true })).status).toBe(404);
    expect((await as(other, 'DELETE', `events/${event}`)).status).toBe(404);
  }
  for (const path of ['todos', 'events', 'calendar.ics'])
    expect((await as(ALICE, 'GET', path)).text).toContain('Secret');
});

test('nor does the assistant of another, nor can it be told to confirm', async () => {
  const { as, ask } = setUp([DELETE, ['None.'], DELETE]);
  await as(ALICE, 'POST', 'todos', { title: 'Secret' });
  const assist = (key: string, fields = {}) =>
    ask('assistant', { messages: [{ role: 'user', content: 'x' }], ...fields }, { headers: bearer(key) });
  expect(await (await assist(BOB)).text()).toContain('there is no to-do');
  const waiting = await (await assist(ALICE)).json();
  const { id } = asked(waiting)[0]!;
  expect((await assist(BOB, { confirm: [id] })).status).toBe(404);
  expect((await as(ALICE, 'GET', 'todos')).text).toContain('Secret');
  expect((await assist(ALICE, { confirm: [id] })).status).toBe(200);
  expect((await as(ALICE, 'GET', 'todos')).text).not.toContain('Secret');
});

test('without a key there is nothing where keys are asked for', async () => {
  const { app } = setUp();
  for (const path of ['todos', 'events', 'calendar.ics'])
    expect((await app.request(`/v1/tasks/${path}`)).status).toBe(401);
});
