/** What of a request's head a backend gets, and of an answer's head a client: a list of each, and nothing else. */
import { expect, test } from 'vitest';
import { type Server, says, setUp } from '../../support/gateway-setup.ts';

/** What a client may write to be taken for another, to split requests, or to reach past the gateway. */
const SMUGGLED = {
  connection: 'keep-alive, x-hop',
  'keep-alive': 'timeout=5',
  te: 'trailers',
  upgrade: 'websocket',
  'proxy-authorization': 'Basic a',
  'x-hop': '1',
  cookie: 'a=1',
  host: 'elsewhere',
  forwarded: 'for=1.2.3.4',
  'x-forwarded-for': '1.2.3.4',
  'x-forwarded-host': 'elsewhere',
  'x-real-ip': '1.2.3.4',
  'x-api-key': 'sk-client',
  'x-cria-backend': 'far',
  'x-cria-origin-secret': 'secret',
  'x-http-method-override': 'DELETE',
  'content-encoding': 'gzip',
  expect: '100-continue',
};

test.each([
  { what: 'a model', path: '/v1/chat/completions' },
  { what: 'what is kept', path: '/v1/responses' },
  { what: 'what passes as it comes', path: '/v1/files' },
  { what: 'anything else', path: '/nothing' },
])('a backend gets of a request for $what only what it needs', async ({ path }) => {
  const { app, asked } = setUp({ near: says('hi') });
  await app.request(path, {
    method: 'POST',
    headers: {
      ...SMUGGLED,
      authorization: 'Bearer sk-client',
      accept: 'text/event-stream',
      'content-type': 'application/json',
      'x-request-id': 'mine',
    },
    body: JSON.stringify({ model: 'llama', messages: [], input: 'hi' }),
  });
  const { traceparent, ...headers } = Object.fromEntries(asked[0]!.headers);
  expect(headers).toEqual({
    accept: 'text/event-stream',
    'content-type': 'application/json',
    'x-request-id': 'mine',
  });
});

test.each(['/v1/chat/completions', '/v1/files'])(
  'a client of %s gets only what still holds, and is not told whose the backend is',
  async (path) => {
    const near: Server = () =>
      Response.json(
        { text: 'hi' },
        {
          status: 201,
          headers: {
            connection: 'close',
            'set-cookie': 'a=1',
            server: 'uvicorn',
            'x-powered-by': 'all',
            'x-cria-backend': 'other',
            'x-request-id': 'other',
            'content-length': '999',
            'content-encoding': 'gzip',
            'access-control-allow-origin': 'https://other',
            'retry-after': '7',
            'content-disposition': 'attachment',
          },
        },
      );
    const reply = await setUp({ near }).app.request(path, {
      method: 'POST',
      body: JSON.stringify({ model: 'llama', messages: [] }),
    });
    expect(reply.status).toBe(201);
    const headers = Object.fromEntries(reply.headers);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'retry-after': '7',
      'content-disposition': 'attachment',
      'x-cria-backend': 'near',
      'x-request-id': 'id',
    });
    for (const name of [
      'connection',
      'set-cookie',
      'server',
      'x-powered-by',
      'content-length',
      'content-encoding',
    ])
      expect(headers, name).not.toHaveProperty(name);
    expect(headers['access-control-allow-origin']).not.toBe('https://other');
  },
);

test('a body of which nobody said how long it is is read as far as it may be, and no further', async () => {
  let sent = 0;
  let left = false;
  const endless = new ReadableStream({
    pull(controller) {
      sent += 1000;
      controller.enqueue(new Uint8Array(1000).fill(32));
    },
    cancel() {
      left = true;
    },
  });
  const { chat, asked } = setUp({});
  const reply = await chat({}, { body: endless, duplex: 'half' } as RequestInit);
  expect(reply.status).toBe(413);
  expect({ left, asked }).toEqual({ left: true, asked: [] });
  expect(sent).toBeLessThan(13_000);
});

test('a file passes piece by piece, and no faster than the keeper takes it', async () => {
  let sent = 0;
  const endless = new ReadableStream(
    {
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(1000));
      },
    },
    { highWaterMark: 0 },
  );
  const near = async ({ body }: { readonly body: ReadableStream<Uint8Array> | null }) => {
    const reader = body!.getReader();
    for (let i = 0; i < 5; i++) await reader.read();
    await reader.cancel();
    return new Response('{}', { status: 413 });
  };
  const { app } = setUp({}, { fetch: async (url, init) => near(new Request(url, init)) });
  const upload = { method: 'POST', body: endless, duplex: 'half' } as RequestInit;
  expect((await app.request('/v1/files', upload)).status).toBe(413);
  expect(sent).toBeLessThan(10);
});
