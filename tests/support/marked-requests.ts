/** Requests to every route whose every word of the client's is marked, so that a test finds it where it must not be. */
import { listOperations } from '../../app/openapi.ts';
import { CATALOGUE } from '../../models/catalogue.ts';

export const MARK = 'MARKED';

const message = { role: 'user', content: `${MARK} prompt` };
const parameters = {
  type: 'object',
  properties: { [`${MARK}_field`]: { type: 'string', description: MARK } },
};
const tools = [{ type: 'function', function: { name: 'look', description: `${MARK} tool`, parameters } }];
const called = { id: 'call_1', type: 'function', function: { name: 'look', arguments: `{"a":"${MARK}"}` } };
const file = () => {
  const form = new FormData();
  form.set('purpose', 'user_data');
  form.set('file', new File([`${MARK} content`], `${MARK}.txt`));
  return form;
};

/** What goes to each route that takes a body; several where it can go several ways. */
const BODIES: Readonly<Record<string, readonly (object | FormData)[]>> = {
  '/v1/chat/completions': [
    { messages: [message], user: MARK },
    { messages: [message], stream: true, stop: [MARK], metadata: { a: MARK } },
    { messages: [message, { role: 'assistant', content: '', tool_calls: [called] }, message], tools },
    { messages: [{ role: MARK, content: MARK }] },
    { messages: [message], [MARK]: MARK },
  ],
  '/v1/completions': [{ prompt: MARK }, { prompt: MARK, stream: true }, { prompt: { [MARK]: MARK } }],
  '/v1/responses': [
    { input: MARK, instructions: MARK, metadata: { [MARK]: MARK } },
    { input: MARK, stream: true },
    { input: [{ type: MARK }] },
  ],
  '/v1/embeddings': [{ input: MARK }, { input: [[MARK]] }],
  '/v1/moderations': [{ input: MARK }],
  '/v1/safety/run-shield': [{ shield_id: 'tests/guard', messages: [message] }, { shield_id: MARK }],
  '/v1/conversations': [{ items: [{ type: 'message', ...message }], metadata: { a: MARK } }],
  '/v1/files': [file()],
  '/v1/batches': [{ input_file_id: MARK, endpoint: '/v1/chat/completions', completion_window: '24h' }],
  '/v1/tasks/summarize': [{ text: `${MARK} text` }],
  '/v1/tasks/rewrite': [{ text: `${MARK} text` }],
  '/v1/tasks/assistant': [{ messages: [message] }],
};

export const markedHeaders = {
  authorization: `Bearer ${MARK}`,
  cookie: MARK,
  'x-api-key': MARK,
  'user-agent': MARK,
  'openai-organization': MARK,
  'x-cria-origin-secret': MARK,
};

export interface MarkedRequest {
  readonly method: string;
  /** As the document has it. */
  readonly route: string;
  readonly path: string;
  readonly body: string | FormData | undefined;
}

/** Each route that the document lists, well asked and badly. */
export function markedRequests(model: string = CATALOGUE[0]!.id): readonly MarkedRequest[] {
  return listOperations().flatMap<MarkedRequest>(({ method, path: route }) => {
    const path = `${route.replaceAll(/\{[^}]+\}/g, 'id')}?after=${MARK}&key=${MARK}`;
    if (method !== 'POST') return [{ method, route, path, body: undefined }];
    const bodies = (BODIES[route] ?? [{ [MARK]: MARK }]).map((body) =>
      body instanceof FormData ? body : JSON.stringify({ model, ...body }),
    );
    return [...bodies, `{"${MARK}": `].map((body) => ({ method, route, path, body }));
  });
}

/** What stands about the first mark. */
export const excerpt = (text: string): string =>
  text.slice(Math.max(0, text.indexOf(MARK) - 200), text.indexOf(MARK) + 100);
