/** The handler alone, with apps that the test writes, on the stream that Lambda's runtime hands out. */
import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { FunctionUrlEvent, type ResponsePrelude } from '../../lambda/runtime.ts';
import { createStreamingHandler, type HandlerDeps } from '../../lambda/streaming-handler.ts';
import { DELIMITER, installAwslambda, PRELUDE_TYPE, toResponseStream } from '../support/awslambda.ts';
import { functionUrlEvent } from '../support/function-url-event.ts';

installAwslambda();

type App = HandlerDeps['fetch'];

const eventOf = (method: string, url: string, headers: Record<string, string>, body: string | Buffer = '') =>
  functionUrlEvent({ method, url, headers } as unknown as IncomingMessage, Buffer.from(body), 'id');

/** An invocation; what is written is held until `read` is called. */
function invoke(app: App, event: object, { ms = 600_000, highWaterMark = 16, proxies = 0 } = {}) {
  const wire = new PassThrough({ highWaterMark });
  wire.on('error', () => {});
  let type = '';
  const stream = toResponseStream(wire, (value) => {
    type = value;
  });
  const handler = createStreamingHandler({ fetch: app, proxies, nowMs: () => 1_000 });
  const done = handler(event, stream, { awsRequestId: 'aws-1', getRemainingTimeInMillis: () => ms });
  const read = async () => {
    const bytes = await wire.toArray().then((chunks) => Buffer.concat(chunks));
    const end = bytes.indexOf(DELIMITER);
    return {
      prelude: JSON.parse(bytes.toString('utf8', 0, end)) as ResponsePrelude,
      body: bytes.subarray(end + DELIMITER.length),
    };
  };
  return { done, read, wire, typeOf: () => type };
}

const endless = (onCancel: () => void, onPull = () => {}) =>
  new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        onPull();
        controller.enqueue(Buffer.from('data: {"n":1}\n\n'));
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
const events = (body: BodyInit) =>
  new Response(body, { headers: { 'content-type': 'text/event-stream', 'x-request-id': 'req-1' } });

/** Source: Amazon API Gateway Developer Guide, "Integration event format 2.0", cut to what is not in a Function URL's. */
const HTTP_API_EVENT = {
  version: '2.0',
  routeKey: '$default',
  rawPath: '/my/path',
  rawQueryString: 'parameter1=value1&parameter1=value2',
  cookies: ['cookie1', 'cookie2'],
  headers: { header1: 'value1', header2: 'value1,value2' },
  queryStringParameters: { parameter1: 'value1,value2' },
  requestContext: {
    accountId: '123456789012',
    apiId: 'api-id',
    authentication: null,
    authorizer: { jwt: { claims: { claim1: 'value1' }, scopes: ['scope1'] } },
    domainName: 'id.execute-api.us-east-1.amazonaws.com',
    domainPrefix: 'id',
    http: {
      method: 'POST',
      path: '/my/path',
      protocol: 'HTTP/1.1',
      sourceIp: '192.0.2.1',
      userAgent: 'agent',
    },
    requestId: 'id',
    stage: '$default',
    timeEpoch: 1_583_348_638_390,
  },
  body: 'SGVsbG8gZnJvbSBMYW1iZGEh',
  pathParameters: { parameter1: 'value1' },
  isBase64Encoded: true,
  stageVariables: { stageVariable1: 'value1' },
};

describe('an event becomes the request it was', () => {
  async function requestOf(event: object): Promise<Request> {
    let seen: Request | undefined;
    const { read } = invoke((request) => {
      seen = request;
      return new Response('ok');
    }, event);
    await read();
    return seen!;
  }

  test('address, query as it stood, cookies, headers that came several times', async () => {
    const headers = { cookie: 'a=1; b=2', accept: 'text/plain,*/*', 'x-name': 'Zoë' };
    const request = await requestOf(eventOf('GET', '/v1/models/a%2Fb?x=1&x=%20y', headers));
    const { pathname, search } = new URL(request.url);
    expect(request.method).toBe('GET');
    expect(pathname + search).toBe('/v1/models/a%2Fb?x=1&x=%20y');
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
    expect(request.headers.get('accept')).toBe('text/plain,*/*');
    expect(Buffer.from(request.headers.get('x-name')!, 'latin1').toString()).toBe('Zoë');
    expect(request.headers.get('x-forwarded-for')).toBe('203.0.113.7');
  });

  test.each(['application/json', 'application/octet-stream'])(
    'a body of type %s, byte for byte',
    async (type) => {
      const body = Buffer.from('{"a":"ü€😀\\u0000"}');
      const event = eventOf('POST', '/', { 'content-type': type }, body);
      expect(FunctionUrlEvent.parse(event).isBase64Encoded).toBe(type !== 'application/json');
      const request = await requestOf(event);
      expect(Buffer.from(await request.arrayBuffer())).toEqual(body);
      expect(request.headers.get('content-length')).toBe(String(body.length));
    },
  );

  test.each([
    [0, '203.0.113.7'], // as Lambda sees it
    [1, '198.51.100.1'], // as the proxy says whom it was asked by; what it was told itself counts for nothing
  ])('behind %i proxies the client is %s', async (proxies, address) => {
    const event = eventOf('GET', '/', {}) as { readonly headers: Record<string, string> };
    const headers = { ...event.headers, 'x-forwarded-for': '10.9.9.9, 198.51.100.1' };
    let seen: string | undefined;
    const app: App = (_, bindings) => {
      seen = bindings.address;
      return new Response('ok');
    };
    await invoke(app, { ...event, headers }, { proxies }).read();
    expect(seen).toBe(address);
  });

  test.each(['203.0.113.7', '2001:db8::7', undefined])('from %s is from there', async (sourceIp) => {
    const event = eventOf('GET', '/', {}) as { readonly requestContext: { readonly http: object } };
    const { requestContext } = event;
    const http = { ...requestContext.http, sourceIp };
    let seen: string | undefined = 'nowhere';
    const app: App = (_, { address }) => {
      seen = address;
      return new Response('ok');
    };
    await invoke(app, { ...event, requestContext: { ...requestContext, http } }).read();
    expect(seen).toBe(sourceIp);
  });

  test('that an HTTP API of API Gateway makes, which has more in it', async () => {
    const request = await requestOf(HTTP_API_EVENT);
    expect(request.url).toBe(
      'https://id.execute-api.us-east-1.amazonaws.com/my/path?parameter1=value1&parameter1=value2',
    );
    expect(request.method).toBe('POST');
    expect(Object.fromEntries(request.headers)).toEqual({
      header1: 'value1',
      header2: 'value1,value2',
      cookie: 'cookie1; cookie2',
      'content-length': '18',
    });
    expect(await request.text()).toBe('Hello from Lambda!');
  });

  test('whose headers are none is 400', async () => {
    const event = eventOf('GET', '/', {}) as { readonly headers: Record<string, string> };
    const { read } = invoke(() => new Response('ok'), {
      ...event,
      headers: { ...event.headers, 'x-a': 'b\nc' },
    });
    const { prelude, body } = await read();
    expect(prelude.statusCode).toBe(400);
    expect(JSON.parse(body.toString()).error.code).toBe('invalid_value');
  });

  test.each([
    { what: "a REST API's", event: { httpMethod: 'GET', path: '/' }, says: 'rawPath' },
    {
      what: 'one that no HTTP request made',
      event: { ...eventOf('GET', '/', {}), requestContext: { domainName: 'a' } },
      says: 'http',
    },
    { what: 'a test of the console', event: { key1: 'value1' }, says: 'requestContext' },
  ])('is refused, loudly, when it is $what', async ({ event, says }) => {
    await expect(invoke(() => new Response('ok'), event).done).rejects.toThrow(says);
  });

  test.each([
    ['application/json', 6 * 2 ** 20, 200],
    ['application/json', 6 * 2 ** 20 + 1, 413],
    ['image/png', 6 * 2 ** 20 + 1, 413],
  ])('of a body of type %s, %i bytes long: %i', async (type, bytes, status) => {
    const { read } = invoke(
      () => new Response('ok'),
      eventOf('POST', '/v1/chat/completions', { 'content-type': type }, Buffer.alloc(bytes, 'x')),
    );
    const { prelude, body } = await read();
    expect(prelude.statusCode).toBe(status);
    if (status === 413) expect(JSON.parse(body.toString()).error.code).toBe('body_too_large');
  });
});

describe('an answer', () => {
  test('says status, headers and each cookie before its body', async () => {
    const app = () => {
      const headers = new Headers({ 'x-a': '1', 'content-type': 'text/plain' });
      headers.append('set-cookie', 'a=1');
      headers.append('set-cookie', 'b=2; Expires=Wed, 25 Nov 2026 21:00:00 GMT');
      return new Response('hello', { status: 201, headers });
    };
    const { read, typeOf } = invoke(app, eventOf('GET', '/', {}));
    const { prelude, body } = await read();
    expect(typeOf()).toBe(PRELUDE_TYPE);
    expect(prelude).toEqual({
      statusCode: 201,
      headers: { 'x-a': '1', 'content-type': 'text/plain' },
      cookies: ['a=1', 'b=2; Expires=Wed, 25 Nov 2026 21:00:00 GMT'],
    });
    expect(body.toString()).toBe('hello');
  });

  test('may be longer than an event, and passes byte for byte', async () => {
    const piece = Buffer.alloc(2 ** 18, 'abcdefg');
    let pieces = 0;
    const large = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (++pieces > 40) controller.close();
          else controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
    const { read } = invoke(() => new Response(large), eventOf('GET', '/', {}));
    expect(Buffer.concat(Array(40).fill(piece)).equals((await read()).body)).toBe(true);
  });

  test('without a body has its status too', async () => {
    const { read } = invoke(() => new Response(null, { status: 204 }), eventOf('GET', '/', {}));
    const { prelude, body } = await read();
    expect(prelude.statusCode).toBe(204);
    expect(body).toHaveLength(0);
  });

  test('says its status at once, however long the body waits', async () => {
    const silent = new ReadableStream({ pull: () => new Promise(() => {}) });
    const { wire } = invoke(() => events(silent), eventOf('GET', '/', {}));
    const chunk = await new Promise((resolve) => wire.once('data', resolve));
    expect(String(chunk)).toContain('"statusCode":200');
  });

  test('is made no faster than it is read', async () => {
    let pulls = 0;
    const body = endless(
      () => {},
      () => pulls++,
    );
    const { wire } = invoke(() => events(body), eventOf('GET', '/', {}), { highWaterMark: 64 });
    await new Promise((resolve) => setImmediate(resolve));
    const held = pulls;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(pulls).toBe(held); // the stream is full, and nobody reads
    expect(held).toBeLessThan(20);
    for (let turn = 0; turn < 50; turn++) {
      wire.read();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(pulls).toBeGreaterThan(held + 20);
    wire.destroy();
  });

  test('whose making breaks off breaks off, and does not look whole', async () => {
    const broken = new ReadableStream({ pull: () => Promise.reject(new Error('disk')) });
    const { done, wire } = invoke(() => new Response(broken), eventOf('GET', '/', {}));
    wire.resume();
    await done;
    expect(wire.destroyed).toBe(true);
    expect(wire.writableFinished).toBe(false);
  });
});

describe('who leaves', () => {
  test('while a body comes stops what makes it', async () => {
    const stopped = Promise.withResolvers<void>();
    const { done, wire } = invoke(() => events(endless(stopped.resolve)), eventOf('GET', '/', {}));
    await new Promise((resolve) => wire.once('data', resolve));
    wire.destroy();
    await stopped.promise;
    await done;
  });

  test('before an answer aborts the request', async () => {
    const aborted = Promise.withResolvers<void>();
    const app: App = ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          aborted.resolve();
          reject(signal.reason);
        }),
      );
    const { done, wire } = invoke(app, eventOf('POST', '/v1/chat/completions', {}, '{}'));
    await new Promise((resolve) => setImmediate(resolve));
    wire.destroy();
    await aborted.promise;
    await done;
  });
});

describe('when the time is nearly over', () => {
  const SOON = { ms: 2_010, highWaterMark: 1 << 20 };

  test('the app knows when that is', async () => {
    let deadline = 0;
    const { read } = invoke(
      (_, { deadlineMs }) => {
        deadline = deadlineMs;
        return new Response('ok');
      },
      eventOf('GET', '/', {}),
      { ms: 60_000 },
    );
    await read();
    expect(deadline).toBe(59_000); // of a clock that says 1,000, 2 seconds early
  });

  test('a stream of events ends after a whole one, with one that says so; what makes it stops', async () => {
    let stopped = false;
    const half = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('data: {"n":1}\n\ndata: {"n":2}\n\ndata: {"n'));
      },
      cancel() {
        stopped = true;
      },
    });
    const { read } = invoke(() => events(half), eventOf('POST', '/v1/chat/completions', {}, '{}'), SOON);
    const told = (await read()).body.toString().split('\n\n');
    expect(told).toHaveLength(4);
    expect(told.slice(0, 2)).toEqual(['data: {"n":1}', 'data: {"n":2}']);
    expect(JSON.parse(told[2]!.slice('data: '.length)).error.code).toBe('deadline_exceeded');
    expect(told[3]).toBe('');
    expect(stopped).toBe(true);
  });

  test('what has not begun is 504, and is aborted', async () => {
    let reason: unknown;
    const app: App = ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          reject(signal.reason);
        }),
      );
    const { read } = invoke(app, eventOf('POST', '/v1/chat/completions', {}, '{}'), SOON);
    const { prelude, body } = await read();
    expect(prelude.statusCode).toBe(504);
    expect(JSON.parse(body.toString()).error).toMatchObject({
      code: 'deadline_exceeded',
      type: 'server_error',
    });
    expect(reason).toMatchObject({ code: 'deadline_exceeded' });
  });

  test('any other body breaks off', async () => {
    const file = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('half of a file')),
    });
    const { done, wire } = invoke(() => new Response(file), eventOf('GET', '/', {}), SOON);
    wire.resume();
    await done;
    expect(wire.writableFinished).toBe(false);
  });
});

/** Pieces of so many bytes. */
const cutInto = (size: number) =>
  new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (let i = 0; i < chunk.length; i += size) controller.enqueue(chunk.subarray(i, i + size));
    },
  });

test('events that come in pieces of any size arrive whole, and none is lost', async () => {
  const text = 'data: {"a":"ü"}\n\n: comment\n\ndata: [DONE]\n\ntail';
  const bytes = Buffer.from(text);
  for (let size = 1; size < 12; size++) {
    const { read } = invoke(
      () => events(new Blob([bytes]).stream().pipeThrough(cutInto(size))),
      eventOf('GET', '/', {}),
    );
    expect((await read()).body.toString()).toBe(text);
  }
});
