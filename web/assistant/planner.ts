// To-dos and calendar beside the conversation: what the assistant stores, and the reader may change.
import { byId, fromTemplate, within } from '../page.ts';
import { describeProblem } from '../problem.ts';
import type { Values } from '../tasks/form-values.ts';
import { wordCount } from '../tasks/progress.ts';
import {
  dateOf,
  dayOf,
  fromFields,
  isPast,
  timeOf,
  toDate,
  toLocalField,
  weekdayOf,
  wordDue,
} from './dates.ts';
import { setUpEntryDialog } from './entry-dialog.ts';
import {
  type CalendarEvent,
  deleteEvent,
  deleteTodo,
  fetchCalendar,
  fetchEvents,
  fetchTodos,
  saveEvent,
  saveTodo,
  type Todo,
} from './planner-records.ts';

const HOUR_MS = 3_600_000;

export interface Planner {
  /** Shows what is stored now. */
  load(): Promise<void>;
}

export function setUpPlanner(): Planner {
  const fault = byId('planner-fault', HTMLElement);
  const todos = byId('todos', HTMLUListElement);
  const events = byId('events', HTMLUListElement);
  const past = byId('past', HTMLDetailsElement);
  const added = byId('new-todo', HTMLInputElement);
  const openTodo = setUpEntryDialog('todo-dialog', () => void load());
  const openEvent = setUpEntryDialog('event-dialog', () => void load());
  let loads = 0;

  async function load(): Promise<void> {
    const mine = ++loads;
    await attempt(async () => {
      const [allTodos, allEvents] = await Promise.all([fetchTodos(), fetchEvents()]);
      if (mine === loads) show(allTodos, allEvents); // a later look has the newer answer
    });
  }

  async function attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      fault.textContent = '';
    } catch (error) {
      const { title, detail } = describeProblem(error, 'text');
      fault.textContent = `${title} ${detail}`;
    }
  }

  function show(allTodos: readonly Todo[], allEvents: readonly CalendarEvent[]): void {
    const now = new Date();
    const focused = document.activeElement?.closest<HTMLElement>('[data-id]')?.dataset.id;
    const button = document.activeElement instanceof HTMLButtonElement;
    const gone = allEvents.filter(({ end }) => isPast(end, now));
    todos.replaceChildren(...allTodos.map((todo) => todoRow(todo, now)));
    events.replaceChildren(...allEvents.filter((event) => !gone.includes(event)).map(eventRow));
    within(past, 'ul').replaceChildren(...gone.map(eventRow));
    within(past, 'summary').textContent = wordCount(gone.length, 'past event');
    past.hidden = gone.length === 0;
    byId('no-todos', HTMLElement).hidden = allTodos.length > 0;
    byId('no-events', HTMLElement).hidden = events.childElementCount > 0;
    if (focused === undefined) return;
    const row = [...document.querySelectorAll<HTMLElement>('[data-id]')].find(
      (r) => r.dataset.id === focused,
    );
    row?.querySelector<HTMLElement>(button ? 'button' : 'input, button')?.focus(); // it is drawn anew under the keyboard
  }

  function todoRow(todo: Todo, now: Date): HTMLElement {
    const row = fromTemplate('todo-row');
    const box = within<HTMLInputElement>(row, 'input');
    const { id, title, due, done } = todo;
    row.dataset.id = id;
    row.classList.toggle('done', done);
    box.checked = done;
    within(row, 'b').textContent = title;
    const late = !done && due !== undefined && isPast(due, now);
    within(row, 'small').textContent =
      due === undefined ? '' : `${late ? 'overdue · ' : ''}${wordDue(due, now)}`;
    row.classList.toggle('late', late);
    within(row, 'button .quiet').textContent = `Change ${title}`;
    box.onchange = () => void attempt(() => saveTodo({ done: box.checked }, id)).then(load);
    within<HTMLButtonElement>(row, 'button').onclick = () => {
      const date = due === undefined ? undefined : toDate(due);
      const day = date ? dayOf(date) : '';
      const time = date && due!.includes('T') ? timeOf(date) : '';
      openTodo({
        values: { title, day, time },
        save: (values) => checkTodo(values) ?? saveTodo(todoFields(values), id),
        remove: () => deleteTodo(id),
      });
    };
    return row;
  }

  function eventRow(event: CalendarEvent): HTMLElement {
    const row = fromTemplate('event-row');
    const { id, title, location } = event;
    const [start, end] = [toDate(event.start), toDate(event.end)];
    row.dataset.id = id;
    within<HTMLTimeElement>(row, 'time').dateTime = event.start;
    within(row, 'time small').textContent = start ? weekdayOf(start) : '';
    within(row, 'time b').textContent = start ? dateOf(start) : '?';
    within(row, 'p b').textContent = title;
    const hours = start && end ? `${timeOf(start)} – ${timeOf(end)}` : `${event.start} – ${event.end}`;
    within(row, 'p small').textContent = [hours, ...(location === undefined ? [] : [location])].join(' · ');
    within(row, 'button .quiet').textContent = `Change ${title}`;
    within<HTMLButtonElement>(row, 'button').onclick = () =>
      openEvent({
        values: {
          title,
          start: toLocalField(event.start),
          end: toLocalField(event.end),
          location: location ?? '',
        },
        save: (values) => checkEvent(values) ?? saveEvent(eventFields(values), id),
        remove: () => deleteEvent(id),
      });
    return row;
  }

  byId('add-todo', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const title = added.value.trim();
    if (title === '') return added.focus();
    void attempt(async () => {
      await saveTodo({ title });
      added.value = '';
    }).then(load);
  });
  byId('new-event', HTMLButtonElement).addEventListener('click', () => {
    const next = new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS);
    const later = new Date(next.getTime() + HOUR_MS);
    openEvent({
      values: { title: '', start: toLocalField(next.toISOString()), end: toLocalField(later.toISOString()) },
      save: (values) => checkEvent(values) ?? saveEvent(eventFields(values)),
    });
  });
  byId('download-calendar', HTMLButtonElement).addEventListener('click', () =>
    attempt(async () => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(await fetchCalendar());
      link.download = 'cria.ics';
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    }),
  );
  return { load };
}

const NO_TITLE = 'It needs a title.';

function checkTodo({ title, day, time }: Values): string | undefined {
  if (title?.trim() === '') return NO_TITLE;
  return time && !day ? 'A time needs a day.' : undefined;
}

const todoFields = ({ title = '', day, time = '' }: Values): object => ({
  title: title.trim(),
  due: day ? fromFields(day, time) : null, // null takes it away
});

function checkEvent({ title, start, end }: Values): string | undefined {
  if (title?.trim() === '') return NO_TITLE;
  if (!start || !end) return 'It needs a beginning and an end.';
  return start < end ? undefined : 'It must end after it begins.';
}

const eventFields = ({ title = '', start = '', end = '', location = '' }: Values): object => ({
  title: title.trim(),
  start: toDate(start)?.toISOString(),
  end: toDate(end)?.toISOString(),
  location: location.trim() === '' ? null : location.trim(), // null takes it away
});
