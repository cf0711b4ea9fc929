import * as z from 'zod';
import { deleteRecord, MAX_KEPT, putRecord, replaceRecord } from '../../planner/records.ts';
import { toUtc } from '../../planner/zone.ts';
import type { Todo } from '../../schemas/planner.ts';
import { choose, type Desk, defineTool, localDue, matching, refuse, toLine, words } from './tool.ts';

const MAX_SHOWN = 50;
const todo = words.describe('The title of a to-do, or words of it.');
const due = localDue.describe('A day, 2026-11-26, or a local time, 2026-11-26T15:00.');

const addTodo = defineTool({
  name: 'add_todo',
  description: 'Adds a to-do to the list.',
  parameters: z.strictObject({ title: words, due: due.optional() }),
  plan({ title, due }, desk) {
    const line = toLine(title);
    if (line === '') return refuse('title: says nothing');
    if (desk.todos.length >= MAX_KEPT)
      return refuse(`there are ${MAX_KEPT} to-dos, and there may be no more`);
    const at = due === undefined ? undefined : toDue(due, desk);
    if (due !== undefined && at === undefined) return refuse(`due: there is no ${due}`);
    if (desk.todos.some(({ record }) => !record.done && record.title === line && record.due === at))
      return refuse(`${JSON.stringify(line)} is on the list already`); // small models ask again and again
    const added: Todo = {
      id: `todo_${desk.newId()}`,
      object: 'todo',
      title: line,
      ...(at !== undefined && { due: at }),
      done: false,
      created_at: Math.floor(desk.nowMs / 1000),
    };
    return { type: 'do', changes: [putRecord(desk.owner, added)], result: { added: toView(added, desk) } };
  },
});

const listTodos = defineTool({
  name: 'list_todos',
  description: 'Lists the to-dos that are open, and on demand those that are done.',
  parameters: z.strictObject({ include_done: z.boolean().optional() }),
  plan({ include_done }, desk) {
    const wanted = desk.todos.filter(({ record }) => include_done === true || !record.done);
    const todos = wanted.slice(-MAX_SHOWN).map(({ record }) => toView(record, desk));
    return { type: 'do', changes: [], result: { todos, not_shown: wanted.length - todos.length } };
  },
});

const updateTodo = defineTool({
  name: 'update_todo',
  description: 'Changes the title of a to-do, or when it is due.',
  parameters: z.strictObject({ todo, title: words.optional(), due: due.optional() }),
  plan({ todo: wanted, title, due }, desk) {
    if (title === undefined && due === undefined) return refuse('title or due: one of them must be there');
    const line = title === undefined ? undefined : toLine(title);
    if (line === '') return refuse('title: says nothing');
    const at = due === undefined ? undefined : toDue(due, desk);
    if (due !== undefined && at === undefined) return refuse(`due: there is no ${due}`);
    return choose({
      wanted,
      what: 'to-do',
      found: matching(desk.todos, wanted),
      propose({ record, version }) {
        const updated: Todo = {
          ...record,
          ...(line !== undefined && { title: line }),
          ...(at !== undefined && { due: at }),
        };
        const to = [
          ...(line === undefined ? [] : [`“${line}”`]),
          ...(due === undefined ? [] : [`due ${due}`]),
        ].join(', ');
        return {
          isDangerous: line !== undefined || record.due !== undefined, // what was there would be lost
          arguments: {
            todo: record.id,
            ...(title !== undefined && { title }),
            ...(due !== undefined && { due }),
          },
          question: `Change the to-do ${named(record, desk)} to ${to}?`,
          changes: [replaceRecord(desk.owner, updated, version)],
          result: { updated: toView(updated, desk) },
        };
      },
    });
  },
});

const completeTodo = defineTool({
  name: 'complete_todo',
  description: 'Marks a to-do as done.',
  parameters: z.strictObject({ todo }),
  plan({ todo: wanted }, desk) {
    const found = matching(desk.todos, wanted);
    const open = found.filter(({ record }) => !record.done);
    return choose({
      wanted,
      what: 'to-do',
      found: open.length > 0 ? open : found,
      propose({ record, version }) {
        if (record.done) return `the to-do ${JSON.stringify(record.title)} is done already`;
        const done: Todo = { ...record, done: true };
        return {
          isDangerous: false,
          arguments: { todo: record.id },
          question: `Mark the to-do ${named(record, desk)} as done?`,
          changes: [replaceRecord(desk.owner, done, version)],
          result: { completed: toView(done, desk) },
        };
      },
    });
  },
});

const deleteTodo = defineTool({
  name: 'delete_todo',
  description: 'Deletes a to-do. The user is asked before.',
  parameters: z.strictObject({ todo }),
  plan: ({ todo: wanted }, desk) =>
    choose({
      wanted,
      what: 'to-do',
      found: matching(desk.todos, wanted),
      propose: (kept) => ({
        isDangerous: true,
        arguments: { todo: kept.record.id },
        question: `Delete the to-do ${named(kept.record, desk)}?`,
        changes: deleteRecord(desk.owner, kept),
        result: { deleted: toView(kept.record, desk) },
      }),
    }),
});

export const TODO_TOOLS = [addTodo, listTodos, updateTodo, completeTodo, deleteTodo];

/** A day stays one; a local time is kept in UTC. Undefined when there is no such day. */
function toDue(due: string, { zone }: Desk): string | undefined {
  const isDay = due.length === 10;
  const ms = zone.toInstant(isDay ? `${due}T12:00` : due);
  if (ms === undefined) return undefined;
  return isDay ? due : toUtc(ms);
}

/** As the model and the user see it: in local time. */
function toView({ id, title, due, done }: Todo, { zone }: Desk) {
  const at = due?.includes('T') ? zone.toLocal(Date.parse(due)) : due;
  return { id, title, ...(at !== undefined && { due: at }), done };
}

function named(todo: Todo, desk: Desk): string {
  const { title, due } = toView(todo, desk);
  return `“${title}”${due === undefined ? '' : ` (due ${due})`}`;
}
