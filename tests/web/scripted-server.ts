// The built playground and a /v1 that does what a test says, on one origin, as the doors serve them.
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { ChatBody } from '../../web/conversation.ts';
import { createFakeTasks, type FakeTasks } from '../support/fake-tasks.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** One reply, as a script writes it. */
export interface Reply {
  readonly body: ChatBody;
  /** Resolves when the reader has gone. */
  readonly left: Promise<void>;
  say(...texts: readonly string[]): void;
  finish(reason: 'stop' | 'length', tokens: number): void;
  /** Writes an event by hand. */
  event(data: string): void;
  refuse(status: number, error: object, headers?: Record<string, string>): void;
  /** Breaks the connection, with no word. */
  cut(): void;
}

export type Script = (reply: Reply) => void | Promise<void>;

export interface ScriptedServer {
  readonly url: string;
  readonly asked: ChatBody[];
  /** Every path that was asked for. */
  readonly paths: string[];
  models: readonly object[];
  health: object;
  script: Script;
  readonly tasks: FakeTasks;
  /** Where it is set, whatever is asked below /v1 needs it as a bearer key, health aside. */
  key: string | undefined;
  /** Every Authorization header that came. */
  readonly keys: string[];
  close(): Promise<void>;
}

export async function startScriptedServer(folder: string): Promise<ScriptedServer> {
  const http = createServer(async (request, response) => {
    const path = request.url ?? '/';
    server.paths.push(path);
    const { authorization } = request.headers;
    if (authorization !== undefined) server.keys.push(authorization);
    const open = server.key === undefined || !path.startsWith('/v1/') || path === '/v1/health';
    if (!open && authorization !== `Bearer ${server.key}`)
      return json(response, 401, { error: { code: 'unauthorized', message: 'a key is needed' } });
    if (path.startsWith('/v1/tasks/')) return server.tasks.answer(request, response);
    if (path === '/v1/models') return json(response, 200, { object: 'list', data: server.models });
    if (path === '/v1/health') return json(response, 200, server.health);
    if (path === '/v1/chat/completions') {
      let body = '';
      for await (const chunk of request) body += chunk;
      server.asked.push(JSON.parse(body));
      await server.script(createReply(response, JSON.parse(body)));
      return;
    }
    try {
      const name = path === '/' ? 'index.html' : path.slice(1);
      const bytes = await readFile(join(folder, name));
      response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'text/plain' }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((up) => http.listen(0, '127.0.0.1', up));

  const server: ScriptedServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked: [],
    paths: [],
    models: [{ id: 'tiny', custom_metadata: { context_length: 2048, licence: 'Apache-2.0' } }],
    health: { status: 'OK', state: 'ready' },
    script: (reply) => reply.cut(),
    tasks: createFakeTasks(),
    key: undefined,
    keys: [],
    close: () =>
      new Promise((down) => {
        http.close(() => down());
        http.closeAllConnections();
      }),
  };
  return server;
}

function createReply(response: ServerResponse, body: ChatBody): Reply {
  const left = new Promise<void>((gone) => response.on('close', () => gone()));
  const event = (data: string) => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`data: ${data}\n\n`);
  };
  const chunk = (choices: object[], extra: object = {}) =>
    event(JSON.stringify({ object: 'chat.completion.chunk', model: body.model, choices, ...extra }));

  return {
    body,
    left,
    event,
    say(...texts) {
      for (const content of texts) chunk([{ index: 0, delta: { content }, finish_reason: null }]);
    },
    finish(reason, tokens) {
      chunk([{ index: 0, delta: {}, finish_reason: reason }]);
      chunk([], { usage: { prompt_tokens: 9, completion_tokens: tokens, total_tokens: 9 + tokens } });
      event('[DONE]');
      response.end();
    },
    refuse: (status, error, headers) => json(response, status, { error }, headers),
    cut: () => response.destroy(),
  };
}

function json(response: ServerResponse, status: number, body: object, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
