import ICAL from 'ical.js';
import { describe, expect, test } from 'vitest';
import { plannerKey, putRecord } from '../../../app/planner/records.ts';
import type { Todo } from '../../../app/schemas/planner.ts';
import { START_MS, testApp } from '../../support/test-app.ts';

type Fields = Readonly<Record<string, unknown>>;

function planner(options: Parameters<typeof testApp>[1] = {}) {
  const made = testApp({}, options);
  const send = async (method: string, path: string, body?: object) => {
    const reply = await made.app.request(`/v1/tasks/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: reply.status, body: (await reply.json()) as Fields & { error: Fields } };
  };
  return { ...made, send };
}

describe('to-dos', () => {
  test('are added, listed, changed and deleted', async () => {
    const { send } = planner();
    const added = await send('POST', 'todos', { title: '  Buy milk ', due: '2026-11-26T15:00:00+01:00' });
    expect(added).toEqual({
      status: 200,
      body: {
        id: 'todo_id-2',
        object: 'todo',
        title: 'Buy milk',
        due: '2026-11-26T14:00:00Z',
        done: false,
        created_at: Math.floor(START_MS / 1000),
      },
    });
    const { id } = added.body;
    const { body: second } = await send('POST', 'todos', { title: 'Call', due: '2026-11-26' });

    expect((await send('POST', `todos/${id}`, { done: true })).body).toEqual({ ...added.body, done: true });
    const { due: _, ...undue } = added.body;
    expect((await send('POST', `todos/${id}`, { due: null, title: 'Milk' })).body).toEqual({
      ...undue,
      title: 'Milk',
      done: true,
    });
    expect((await send('GET', 'todos?order=asc&limit=1')).body).toMatchObject({
      first_id: id,
      has_more: true,
    });
    expect((await send('GET', `todos?order=asc&after=${id}`)).body).toMatchObject({ data: [second] });
    expect((await send('DELETE', `todos/${id}`)).body).toEqual({ id, object: 'todo.deleted', deleted: true });
    expect((await send('GET', 'todos')).body).toMatchObject({ data: [second], has_more: false });
  });

  test.each([
    ['POST', 'todos', { title: '' }, 'title'],
    ['POST', 'todos', { title: ' ' }, 'title'],
    ['POST', 'todos', { title: 'a\nb' }, 'title'],
    ['POST', 'todos', { title: 'a\r\nb' }, 'title'],
    ['POST', 'todos', { title: 'a\u0000' }, 'title'],
    ['POST', 'todos', { title: 'x'.repeat(201) }, 'title'],
    ['POST', 'todos', {}, 'title'],
    ['POST', 'todos', { title: 'a', due: 'tomorrow' }, 'due'],
    ['POST', 'todos', { title: 'a', due: '2026-02-30' }, 'due'],
    ['POST', 'todos', { title: 'a', due: '2026-11-26T15:00' }, 'due'],
    ['POST', 'todos', { title: 'a', owner: 'b' }, 'owner'],
    ['POST', 'events', { title: 'a', start: '2026-11-26T14:00:00Z', end: '2026-11-26T14:00:00Z' }, 'end'],
    ['POST', 'events', { title: 'a', start: '2026-11-26', end: '2026-11-27T14:00:00Z' }, 'start'],
    ['POST', 'events', { title: 'a', end: '2026-11-26T14:00:00Z' }, 'start'],
    [
      'POST',
      'events',
      { title: 'a', start: '2026-11-26T14:00:00Z', end: '2026-11-26T15:00:00Z', location: 'x\ny' },
      'location',
    ],
  ])('%s %s, case %#, is refused by its field', async (method, path, body, param) => {
    const { send } = planner();
    expect(await send(method, path, body)).toMatchObject({ status: 400, body: { error: { param } } });
  });

  test.each(['GET todos?after=x', 'POST todos/x', 'DELETE todos/x', 'POST events/x', 'DELETE events/x'])(
    '%s of what is not there is 404',
    async (route) => {
      const [method, path] = route.split(' ') as [string, string];
      const { status } = await planner().send(method, path, method === 'POST' ? {} : undefined);
      expect(status).toBe(404);
    },
  );

  test('of another owner are not found, listed, changed or deleted', async () => {
    const { send, storage } = planner();
    const other = { id: 'todo_x', object: 'todo', title: 'Secret', done: false, created_at: 0 } as Todo;
    await storage.write([putRecord('key:a%2Fb', other)]);
    expect((await send('GET', 'todos')).body).toMatchObject({ data: [] });
    for (const path of ['todo_x', '..%2Fkey:a%252Fb%2Ftodo_x', 'key:a%252Fb%2Ftodo_x'])
      expect((await send('DELETE', `todos/${path}`)).status).toBe(404);
    expect(await storage.get(plannerKey('todo', 'key:a%2Fb', 'todo_x'))).toBeDefined();
  });

  test('are bounded, each kind for itself', async () => {
    const { send, storage } = planner();
    const todo = (i: number): Todo => ({
      id: `t${i}`,
      object: 'todo',
      title: 'x',
      done: false,
      created_at: 0,
    });
    await storage.write(Array.from({ length: 1000 }, (_, i) => putRecord('anonymous', todo(i))));
    expect(await send('POST', 'todos', { title: 'a' })).toMatchObject({
      status: 409,
      body: { error: { code: 'planner_full' } },
    });
    const event = { title: 'a', start: '2026-11-26T14:00:00Z', end: '2026-11-26T15:00:00Z' };
    expect((await send('POST', 'events', event)).status).toBe(200);
  });

  test('are refused while the storage is full: 507', async () => {
    const { send } = planner({ storageBytes: 300 });
    await send('POST', 'todos', { title: 'a' });
    expect(await send('POST', 'todos', { title: 'b' })).toMatchObject({
      status: 507,
      body: { error: { code: 'storage_full' } },
    });
  });
});

describe('events', () => {
  const EVENT = { title: 'Dentist', start: '2026-11-26T15:00:00+01:00', end: '2026-11-26T16:00:00+01:00' };

  test('are added, listed, changed and cancelled', async () => {
    const { send } = planner();
    const { body: added } = await send('POST', 'events', { ...EVENT, location: 'Main Street' });
    expect(added).toMatchObject({ start: '2026-11-26T14:00:00Z', end: '2026-11-26T15:00:00Z' });
    const { id } = added;
    const moved = await send('POST', `events/${id}`, { end: '2026-11-26T17:00:00Z', location: null });
    expect(moved.body).toMatchObject({ end: '2026-11-26T17:00:00Z' });
    expect(moved.body).not.toHaveProperty('location');
    const wrong = await send('POST', `events/${id}`, { start: '2026-11-26T18:00:00Z' });
    expect(wrong).toMatchObject({ status: 400, body: { error: { param: 'end' } } });
    expect((await send('GET', 'events')).body).toMatchObject({ data: [moved.body] });
    expect((await send('DELETE', `events/${id}`)).body).toMatchObject({ object: 'event.deleted' });
  });

  test('are a calendar, too', async () => {
    const { send, app } = planner();
    await send('POST', 'events', EVENT);
    const reply = await app.request('/v1/tasks/calendar.ics');
    expect(reply.headers.get('content-type')).toBe('text/calendar; charset=utf-8');
    const [event] = new ICAL.Component(ICAL.parse(await reply.text())).getAllSubcomponents('vevent');
    expect(event!.getFirstPropertyValue('summary')).toBe('Dentist');
    expect(String(event!.getFirstPropertyValue('dtstart'))).toBe('2026-11-26T14:00:00Z');
  });
});
