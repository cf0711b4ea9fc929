import { call, eventsOf, json } from '../api.ts';
import { BrokenStreamError } from '../errors.ts';
import { field, number, parseJson, text } from '../json.ts';

/** What a running task tells. */
export type TaskPart =
  | { readonly type: 'progress'; readonly stage: string; readonly done: number; readonly total: number }
  | { readonly type: 'step'; readonly step: unknown }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'completed'; readonly task: unknown };

/**
 * Runs a task on the server and yields what it tells as it comes, `completed` last. Leaving the loop, or `signal`, ends
 * the request.
 *
 * Throws   RefusedError before the first part · BrokenStreamError after · TypeError when the network fails
 */
export async function* runTask(
  path: string,
  body: object,
  signal: AbortSignal,
): AsyncGenerator<TaskPart, void> {
  const response = await call(path, json(body, signal));
  for await (const data of eventsOf(response)) {
    const event = parseJson(data);
    switch (text(event, 'type')) {
      case 'task.progress': {
        const [done, total] = [number(event, 'done') ?? 0, number(event, 'total') ?? 0];
        yield { type: 'progress', stage: text(event, 'stage') ?? '', done, total };
        break;
      }
      case 'task.step':
        yield { type: 'step', step: field(event, 'step') };
        break;
      case 'task.delta':
        yield { type: 'text', text: text(event, 'delta') ?? '' };
        break;
      case 'task.completed':
        yield { type: 'completed', task: field(event, 'task') };
        return;
      case 'error':
        throw new BrokenStreamError(text(event, 'message') ?? 'no reason given');
    }
  }
  throw new BrokenStreamError('the connection closed before the end');
}
