import type { ErrorBody } from '../schemas/error.ts';
import type { Task, TaskEvent } from '../schemas/tasks.ts';

type Unnumbered<E> = E extends unknown ? Omit<E, 'sequence_number'> : never;

/** What a task says on its way. */
export type TaskSaid = Unnumbered<Extract<TaskEvent, { type: 'task.progress' | 'task.step' | 'task.delta' }>>;

/** A task at work; the task as it ends is what it returns. It says nothing before the model has taken it on. */
export type TaskWork = AsyncGenerator<TaskSaid, Task>;

export const progress = (
  stage: Extract<TaskSaid, { type: 'task.progress' }>['stage'],
  done: number,
  total: number,
): TaskSaid => ({ type: 'task.progress', stage, done, total });

/** A task's events, numbered. An error is the last of them. */
export async function* toTaskEvents(
  created: Task,
  work: TaskWork,
  describe: (error: unknown) => ErrorBody,
): AsyncGenerator<TaskEvent, void> {
  let sequence_number = 0;
  yield { type: 'task.created', sequence_number: sequence_number++, task: created };
  try {
    for (;;) {
      const { done, value } = await work.next();
      if (done) return yield { type: 'task.completed', sequence_number, task: value };
      yield { ...value, sequence_number: sequence_number++ };
    }
  } catch (error) {
    const { code, message, param } = describe(error).error;
    yield { type: 'error', sequence_number, code, message, param };
  } finally {
    await work.return(created); // its reader left
  }
}

/** The same work, begun: what can be refused was refused. Throws what the work throws before it says anything. */
export async function begin(work: TaskWork): Promise<TaskWork> {
  const first = await work.next();
  return (async function* () {
    if (first.done) return first.value;
    try {
      yield first.value;
      return yield* work;
    } finally {
      await work.return(undefined as never);
    }
  })();
}

/** The task as it ends. */
export async function finish(work: TaskWork): Promise<Task> {
  for (;;) {
    const { done, value } = await work.next();
    if (done) return value;
  }
}
