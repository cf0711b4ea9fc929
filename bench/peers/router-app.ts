/** Cria's app over an engine that answers at once, beside a Hono route that does no more than read and write JSON. */
import { Hono } from 'hono';
import { createApp } from '../../app/app.ts';
import type { Deps } from '../../app/deps.ts';
import { SCRIPTED_MODEL, scriptedEngine } from '../../tests/support/scripted-engine.ts';

export const PATH = '/v1/chat/completions';
export const BODY = JSON.stringify({
  model: SCRIPTED_MODEL.id,
  messages: [
    { role: 'system', content: 'You are a helpful assistant.' },
    { role: 'user', content: 'What is a cria?' },
  ],
  temperature: 0.7,
  max_tokens: 64,
});
const TEXT = 'A cria is a baby llama, alpaca, vicuña or guanaco.';

const HEADERS = {
  'content-type': 'application/json',
  'content-length': String(new TextEncoder().encode(BODY).length),
};

export type Which = 'cria' | 'bare';
type Fetch = (request: Request) => Response | Promise<Response>;

/** `/cria/…` and `/bare/…` are the two; `/loop/<which>/<n>` asks one of them n times, one after the other, in here. */
export function routerApp(log: Deps['log']): Fetch {
  const apps = { cria: criaApp(log).fetch, bare: bareApp().fetch };
  return async (request) => {
    const url = new URL(request.url);
    const [, which, ...rest] = url.pathname.split('/');
    if (which === 'loop') {
      const [asked, times] = rest as [Which, string];
      for (let i = 0; i < Number(times); i++) await ask(apps[asked]);
      return new Response('done');
    }
    url.pathname = rest.join('/');
    return apps[which as Which](new Request(url, request));
  };
}

async function ask(fetch: Fetch): Promise<void> {
  const reply = await fetch(
    new Request(`http://localhost${PATH}`, { method: 'POST', body: BODY, headers: HEADERS }),
  );
  if (!(await reply.text()).includes(TEXT)) throw new Error('not the answer');
}

function criaApp(log: Deps['log']) {
  const usage = { promptTokens: 25, cachedTokens: 0, completionTokens: 20 };
  const engine: Deps['engine'] = {
    ...scriptedEngine(),
    async start({ model }) {
      return {
        model,
        promptTokens: usage.promptTokens,
        parts: (async function* () {
          yield { type: 'text', text: TEXT };
          yield { type: 'done', reason: 'stop', usage };
        })(),
      };
    },
  };
  return createApp({
    engine,
    storage: { get: unasked, list: unasked, read: unasked, write: unasked },
    wakeBatches: unasked,
    place: { runtime: 'bench', backend: 'none' },
    now: Date.now,
    newId: () => crypto.randomUUID(),
    log,
  });
}

const unasked = () => Promise.reject(new Error('these routes store nothing'));

function bareApp() {
  return new Hono().post(PATH, async (c) => {
    const { model } = await c.req.json();
    return c.json({
      id: 'chatcmpl-0',
      created: 0,
      model,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: TEXT, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 25, completion_tokens: 20, total_tokens: 45 },
    });
  });
}
