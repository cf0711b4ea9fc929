import type { Context } from 'hono';
import { parse } from '../parse.ts';
import {
  assertRoom,
  deleteRecord,
  findRecord,
  ownerOf,
  putRecord,
  recordsOf,
  replaceRecord,
} from '../planner/records.ts';
import { toUtc } from '../planner/zone.ts';
import { readJson } from '../read-json.ts';
import type { AppEnv, RunDeps } from '../run.ts';
import { PlannerQuery, type Todo, TodoRequest, TodoUpdate } from '../schemas/planner.ts';
import { write } from '../storage/write.ts';
import { listRecords } from './planner-lists.ts';

type TodoContext = Context<AppEnv, '/:id'>;

export const createTodo = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const { title, due, done } = parse(TodoRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const owner = ownerOf(c);
  assertRoom('todo', (await recordsOf(deps.storage, 'todo', owner)).length);
  const todo: Todo = {
    id: `todo_${deps.newId()}`,
    object: 'todo',
    title: title.trim(),
    ...(due != null && { due: asKept(due) }),
    done: done ?? false,
    created_at: Math.floor(deps.now() / 1000),
  };
  await write(deps.storage, [putRecord(owner, todo)]);
  return c.json(todo);
};

export const listTodos = (deps: RunDeps) => async (c: Context<AppEnv>) =>
  c.json(await listRecords(deps, 'todo', ownerOf(c), parse(PlannerQuery, c.req.query())));

export const updateTodo = (deps: RunDeps) => async (c: TodoContext) => {
  const { title, due, done } = parse(TodoUpdate, await readJson(c.req.raw, deps.maxBodyBytes));
  const owner = ownerOf(c);
  const { record, version } = await findRecord(deps.storage, 'todo', owner, c.req.param('id'));
  const { due: dueBefore, ...rest } = record;
  const dueAfter = due === undefined ? dueBefore : due === null ? undefined : asKept(due);
  const updated: Todo = {
    ...rest,
    title: title?.trim() ?? rest.title,
    ...(dueAfter !== undefined && { due: dueAfter }),
    done: done ?? rest.done,
  };
  await write(deps.storage, [replaceRecord(owner, updated, version)]);
  return c.json(updated);
};

export const deleteTodo = (deps: RunDeps) => async (c: TodoContext) => {
  const owner = ownerOf(c);
  const found = await findRecord(deps.storage, 'todo', owner, c.req.param('id'));
  await write(deps.storage, deleteRecord(owner, found));
  return c.json({ id: found.record.id, object: 'todo.deleted', deleted: true });
};

/** A day as it is, a moment in UTC. */
const asKept = (due: string) => (due.includes('T') ? toUtc(Date.parse(due)) : due);
