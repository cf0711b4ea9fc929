import { call, json } from '../api.ts';
import { field, list, text } from '../json.ts';

const TODOS = '/v1/tasks/todos';
const EVENTS = '/v1/tasks/events';
const MOST = 1000; // as many as the server lists at a time

export interface Todo {
  readonly id: string;
  readonly title: string;
  readonly due: string | undefined; // a day, or a moment in UTC
  readonly done: boolean;
}

export interface CalendarEvent {
  readonly id: string;
  readonly title: string;
  readonly start: string; // in UTC
  readonly end: string;
  readonly location: string | undefined;
}

/** The to-dos: open ones first, each by when it is due. Throws as `call` does. */
export async function fetchTodos(): Promise<Todo[]> {
  const todos = await fetchList(TODOS, (value, id) => ({
    id,
    title: text(value, 'title') ?? '',
    due: text(value, 'due'),
    done: field(value, 'done') === true,
  }));
  const last = '\uffff'; // what has no day comes behind all that has
  const rank = ({ done, due }: Todo) => `${Number(done)}${due ?? last}`;
  return todos.toSorted((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

/** The events, by when they begin. Throws as `call` does. */
export async function fetchEvents(): Promise<CalendarEvent[]> {
  const events = await fetchList(EVENTS, (value, id) => ({
    id,
    title: text(value, 'title') ?? '',
    start: text(value, 'start') ?? '',
    end: text(value, 'end') ?? '',
    location: text(value, 'location'),
  }));
  return events.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
}

/** Adds a to-do or an event, or changes the one with this id: what is absent stays. */
export const saveTodo = (fields: object, id?: string): Promise<Response> => save(TODOS, fields, id);
export const saveEvent = (fields: object, id?: string): Promise<Response> => save(EVENTS, fields, id);
export const deleteTodo = (id: string): Promise<Response> => remove(TODOS, id);
export const deleteEvent = (id: string): Promise<Response> => remove(EVENTS, id);

/** The calendar as a file. By `call`, and not by a link, since the server may want the key. */
export async function fetchCalendar(): Promise<Blob> {
  const response = await call('/v1/tasks/calendar.ics');
  return response.blob();
}

async function fetchList<T>(path: string, read: (value: unknown, id: string) => T): Promise<T[]> {
  const response = await call(`${path}?limit=${MOST}`);
  return list(await response.json(), 'data').flatMap((value) => {
    const id = text(value, 'id');
    return id === undefined ? [] : [read(value, id)];
  });
}

const at = (path: string, id?: string) => (id === undefined ? path : `${path}/${encodeURIComponent(id)}`);
const save = (path: string, fields: object, id?: string) => call(at(path, id), json(fields));
const remove = (path: string, id: string) => call(at(path, id), { method: 'DELETE' });
