import OpenAI, { toFile } from 'openai';
import { runBatches } from '../../app/batches/run-batches.ts';
import type { Script } from './scripted-engine.ts';
import { MODEL, type TestAppOptions, testApp } from './test-app.ts';

/** The app over a scripted engine, with OpenAI's client of batches before it, and the runner in hand. */
export function connectBatches(
  script: Partial<Script> = {},
  width = 1,
  options: TestAppOptions & { readonly apiKey?: string } = {},
) {
  const made = testApp(script, options);
  const { app, storage, clock } = made;
  const client = new OpenAI({
    apiKey: options.apiKey ?? 'none',
    baseURL: 'http://localhost/v1',
    maxRetries: 0,
    fetch: async (url, init) => app.request(url as string, init),
  });
  let ids = 0;
  /** One turn of the runner, as after a restart: it knows nothing but what is stored. */
  const turn = (turn = 2, signal = new AbortController().signal) =>
    runBatches(
      {
        storage,
        fetch: (request, caller) => app.fetch(request, { priority: 'low', caller }),
        now: () => clock.ms,
        newId: () => `run-${++ids}`,
        width,
        turn,
      },
      signal,
    );
  const runAll = async () => {
    while ((await turn()) === 'now');
  };
  const upload = async (text: string, purpose: 'batch' | 'user_data' = 'batch') =>
    client.files.create({ file: await toFile(new Blob([text]), 'in.jsonl'), purpose });
  const create = async (text: string, more: object = {}) => {
    const file = await upload(text);
    return client.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      ...more,
    });
  };
  const read = async (id: string | undefined) =>
    id === undefined ? [] : lines(await (await client.files.content(id)).text());
  return { ...made, client, batches: client.batches, turn, runAll, upload, create, read };
}

export const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** A line that asks for a chat. */
export const chat = (custom_id: string, body: object = {}) =>
  JSON.stringify({
    custom_id,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: MODEL, messages: [{ role: 'user', content: custom_id }], ...body },
  });
export const chats = (count: number) => Array.from({ length: count }, (_, i) => chat(`line-${i}`)).join('\n');

/** Refuses what is asked with one of these words. */
export const refusing = (word: string, error: Error): Partial<Script> => ({
  refusal: ({ prompt }) =>
    prompt.type === 'chat' && prompt.messages.some(({ content }) => content === word) ? error : undefined,
});
