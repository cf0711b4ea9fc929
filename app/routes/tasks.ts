import type { Context } from 'hono';
import { parse } from '../parse.ts';
import { ownerOf } from '../planner/records.ts';
import { readJson } from '../read-json.ts';
import type { AppEnv, RunDeps } from '../run.ts';
import { AssistantRequest, RewriteRequest, SummaryRequest, type Task } from '../schemas/tasks.ts';
import { sse } from '../sse.ts';
import { assist } from '../tasks/assistant/assistant.ts';
import { findWaiting } from '../tasks/assistant/confirmations.ts';
import { rewrite } from '../tasks/rewrite.ts';
import { summarize } from '../tasks/summarize.ts';
import { begin, finish, type TaskWork, toTaskEvents } from '../tasks/task-events.ts';
import { startTask, type TaskRun } from '../tasks/task-run.ts';

export const summarizeText = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const request = parse(SummaryRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const run = startTask(c, deps, request.model);
  const created = { ...newTask(deps, run), object: 'task.summary', summary: '', parts: 0 } as const;
  return answer(c, run, { ...request, created, work: summarize(run, request, created) });
};

export const rewriteText = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const request = parse(RewriteRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const run = startTask(c, deps, request.model);
  const created = { ...newTask(deps, run), object: 'task.rewrite', text: '' } as const;
  return answer(c, run, { ...request, created, work: rewrite(run, request, created) });
};

export const runAssistant = (deps: RunDeps) => async (c: Context<AppEnv>) => {
  const request = parse(AssistantRequest, await readJson(c.req.raw, deps.maxBodyBytes));
  const run = startTask(c, deps, request.model);
  const owner = ownerOf(c);
  const confirmed = await findWaiting(deps.storage, owner, request.confirm ?? []);
  const created = { ...newTask(deps, run), object: 'task.assistant', steps: [], message: '' } satisfies Task;
  const work = assist(run, deps, { request, created, owner, confirmed });
  return answer(c, run, { ...request, created, work });
};

function newTask({ newId, now }: RunDeps, { model, usage }: TaskRun) {
  return {
    id: `task_${newId()}`,
    created_at: Math.floor(now() / 1000),
    model,
    status: 'in_progress' as const,
    usage,
  };
}

interface Answer {
  readonly created: Task;
  readonly work: TaskWork;
  readonly stream?: boolean | null | undefined;
}

/** The task as it ends, or all that happens on the way. What is refused at once is refused by status either way. */
async function answer(c: Context, run: TaskRun, { created, work, stream }: Answer): Promise<Response> {
  if (stream !== true) return c.json(await finish(work));
  const events = toTaskEvents(created, await begin(work), run.describe);
  return sse(events, { ...run, named: true });
}
