import { SCRIPTED_MODEL } from './scripted-engine.ts';
import { MODEL, testApp } from './test-app.ts';

/** One event of a task's stream. */
export interface TaskEventLike {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** An app and what asks its tasks. `contextLength`: tokens, of four characters each. */
export function tasksApp(
  script: Parameters<typeof testApp>[0] = {},
  { contextLength = 131_072, ...options }: Parameters<typeof testApp>[1] & { contextLength?: number } = {},
) {
  const made = testApp({ models: [{ ...SCRIPTED_MODEL, contextLength }], ...script }, options);
  const ask = (task: string, fields: object, init?: RequestInit) =>
    made.app.request(`/v1/tasks/${task}`, {
      method: 'POST',
      body: JSON.stringify({ model: MODEL, ...fields }),
      ...init,
    });
  return { ...made, ask };
}

/** The events of a whole stream, whose numbers are checked. */
export async function taskEvents(response: Response): Promise<TaskEventLike[]> {
  const blocks = (await response.text()).split('\n\n').filter((block) => block !== '');
  return blocks.map((block, i) => {
    const [, name, data] = /^event: (.+)\ndata: (.+)$/.exec(block) ?? [];
    const event = JSON.parse(data!) as TaskEventLike & { readonly sequence_number: number };
    if (event.type !== name || event.sequence_number !== i) throw new Error(`event ${i} is ${block}`);
    return event;
  });
}

/** All that was streamed of the text. */
export const deltas = (events: readonly TaskEventLike[]): string =>
  events.map(({ delta }) => (delta as string | undefined) ?? '').join('');
