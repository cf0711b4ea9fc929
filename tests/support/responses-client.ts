import OpenAI from 'openai';
import type { Script } from './scripted-engine.ts';
import { MODEL, testApp } from './test-app.ts';

/** The app over a scripted engine, with OpenAI's client of /v1/responses before it. */
export function connectResponses(script: Partial<Script> = {}, options: Parameters<typeof testApp>[1] = {}) {
  const made = testApp(script, options);
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://localhost/v1',
    maxRetries: 0,
    fetch: async (url, init) => made.app.request(url as string, init),
  });
  const send = (fields: object) =>
    made.app.request('/v1/responses', {
      method: 'POST',
      body: JSON.stringify({ model: MODEL, input: 'hi', ...fields }),
    });
  const kept = async () => (await made.storage.list('response', { limit: 9, order: 'asc' }))!.records.length;
  const messages = () => {
    const { prompt } = made.engine.requests.at(-1)!;
    return prompt.type === 'chat' ? prompt.messages : [];
  };
  return { ...made, responses: client.responses, send, kept, messages };
}
