import type { AssistantReply } from '../../app/schemas/tasks.ts';
import type { Part } from '../../engine/engine.ts';
import type { Step as Said } from './scripted-engine.ts';
import { type TaskEventLike, taskEvents, tasksApp } from './tasks-client.ts';

/** What a model writes to call a tool. A string is what it writes for arguments. */
export const calls = (name: string, args: object | string = {}, index = 0): Part[] => [
  { type: 'tool_call', index, name },
  { type: 'tool_arguments', index, text: typeof args === 'string' ? args : JSON.stringify(args) },
];

/** An app whose model takes these turns, and what asks its assistant. */
export function assistantApp(
  turns: readonly (readonly Said[])[],
  options: Parameters<typeof tasksApp>[1] = {},
  script: Parameters<typeof tasksApp>[0] = {},
) {
  const made = tasksApp({ each: turns, steps: ['Done.'], ...script }, options);
  const messages = [{ role: 'user', content: 'please' }];
  const request = (fields: object) => ({ messages, time_zone: 'Europe/Vienna', ...fields });
  return {
    ...made,
    /** The whole reply. */
    assist: async (fields: object = {}) =>
      (await (await made.ask('assistant', request(fields))).json()) as AssistantReply,
    /** Its events. */
    watch: async (fields: object = {}): Promise<TaskEventLike[]> =>
      taskEvents(await made.ask('assistant', request({ ...fields, stream: true }))),
    post: async (path: string, body: object) => {
      const reply = await made.app.request(`/v1/tasks/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return (await reply.json()) as { readonly id: string };
    },
    titles: async (kind: 'todos' | 'events') => {
      const { data } = (await (await made.app.request(`/v1/tasks/${kind}?order=asc`)).json()) as {
        data: { title: string }[];
      };
      return data.map(({ title }) => title);
    },
    /** All that is kept. */
    kept: () =>
      Promise.all(
        ['todos', 'events'].map(async (kind) => (await made.app.request(`/v1/tasks/${kind}`)).json()),
      ),
    /** What the model was shown when it was asked for the n-th time. */
    shown: (n: number) => {
      const { prompt } = made.engine.requests[n]!;
      return prompt.type === 'chat' ? prompt.messages : [];
    },
  };
}

type ResultStep = Extract<AssistantReply['steps'][number], { type: 'tool_result' }>;
type AskedStep = Extract<AssistantReply['steps'][number], { type: 'confirmation' }>;

export const results = ({ steps }: AssistantReply): ResultStep[] =>
  steps.filter((step) => step.type === 'tool_result');
export const asked = ({ steps }: AssistantReply): AskedStep[] =>
  steps.filter((step) => step.type === 'confirmation');
