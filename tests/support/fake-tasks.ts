// The /v1/tasks routes as the pages meet them: streams that a test writes event by event, and to-dos and events kept
// in two lists.
import type { IncomingMessage, ServerResponse } from 'node:http';

type Json = Record<string, unknown>;

/** One run of a task, as a script writes it. */
export interface TaskRun {
  readonly path: string;
  readonly body: Json;
  /** Resolves when the reader has gone. */
  readonly left: Promise<void>;
  progress(stage: 'read' | 'map' | 'reduce' | 'write', done: number, total: number): void;
  step(step: Json): void;
  say(...deltas: readonly string[]): void;
  complete(task: Json): void;
  fail(code: string, message: string): void;
  refuse(status: number, error: Json, headers?: Record<string, string>): void;
  cut(): void;
}

export type TaskScript = (run: TaskRun) => void | Promise<void>;

export interface FakeTasks {
  readonly asked: { readonly path: string; readonly body: Json }[];
  readonly todos: Json[];
  readonly events: Json[];
  script: TaskScript;
  /** Answers a request to a path below /v1/tasks/. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export function createFakeTasks(): FakeTasks {
  let last = 0;

  const stored = async (
    request: IncomingMessage,
    response: ServerResponse,
    { list, id, object }: { list: Json[]; id: string | undefined; object: string },
  ) => {
    const index = list.findIndex((record) => record.id === id);
    if (id !== undefined && index < 0)
      return json(response, 404, { error: { code: 'not_found', message: `no ${object} has the id ${id}` } });
    if (request.method === 'GET')
      return json(response, 200, id === undefined ? { object: 'list', data: list } : list[index]!);
    if (request.method === 'DELETE') {
      list.splice(index, 1);
      return json(response, 200, { id, object: `${object}.deleted`, deleted: true });
    }
    const body = await bodyOf(request);
    if (id !== undefined) {
      list[index] = { ...list[index], ...body };
      return json(response, 200, list[index]!);
    }
    const record: Json = { id: `${object}_${++last}`, object, created_at: 1, ...body };
    if (object === 'todo') record.done ??= false;
    list.push(record);
    return json(response, 200, record);
  };

  const fake: FakeTasks = {
    asked: [],
    todos: [],
    events: [],
    script: (run) => run.cut(),
    async answer(request, response) {
      const path = request.url ?? '';
      const [, collection, id] = /^\/v1\/tasks\/(todos|events)(?:\/([^/?]+))?/.exec(path) ?? [];
      if (collection === 'todos') return stored(request, response, { list: fake.todos, id, object: 'todo' });
      if (collection === 'events')
        return stored(request, response, { list: fake.events, id, object: 'event' });
      if (path === '/v1/tasks/calendar.ics') {
        response.writeHead(200, { 'content-type': 'text/calendar; charset=utf-8' });
        response.end('BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n');
        return;
      }
      const body = await bodyOf(request);
      fake.asked.push({ path, body });
      await fake.script(createRun(path, body, response));
    },
  };
  return fake;
}

function createRun(path: string, body: Json, response: ServerResponse): TaskRun {
  const left = new Promise<void>((gone) => response.on('close', () => gone()));
  let sequence = 0;
  const event = (type: string, data: Json) => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...data })}\n\n`,
    );
  };
  const about = { id: 'task_1', created_at: 1, model: body.model };
  const usage = { input_tokens: 900, output_tokens: 42, total_tokens: 942 };

  return {
    path,
    body,
    left,
    progress: (stage, done, total) => event('task.progress', { stage, done, total }),
    step: (step) => event('task.step', { step }),
    say(...deltas) {
      for (const delta of deltas) event('task.delta', { delta });
    },
    complete(task) {
      event('task.completed', { task: { ...about, usage, ...task } });
      response.end();
    },
    fail(code, message) {
      event('error', { code, message, param: null });
      response.end();
    },
    refuse: (status, error, headers) => json(response, status, { error }, headers),
    cut: () => response.destroy(),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Json> {
  let source = '';
  for await (const chunk of request.setEncoding('utf8')) source += chunk;
  return source === '' ? {} : JSON.parse(source);
}

function json(response: ServerResponse, status: number, body: Json, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** A summary, in pieces. */
export const summary =
  (...deltas: readonly string[]): TaskScript =>
  (run) => {
    run.say(...deltas);
    run.complete({ object: 'task.summary', status: 'completed', summary: deltas.join(''), parts: 1 });
  };

/** A rewritten text. */
export const rewrite =
  (text: string): TaskScript =>
  (run) => {
    run.say(text);
    run.complete({ object: 'task.rewrite', status: 'completed', text });
  };
