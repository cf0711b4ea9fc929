/**
 * Holds every answer of a test against our own /openapi.json: by route and status, each event of a stream for itself, and
 * with no property that the document does not list. Then against what OpenAI and Llama Stack publish of the same route.
 */
import type { createApp } from '../../app/app.ts';
import { openApiDocument } from '../../app/openapi.ts';
import { openApiExtract } from './openapi-extracts.ts';
import { type Judge, type OpenApi, openApiValidator } from './openapi-validator.ts';

const ours = openApiValidator(openApiDocument() as unknown as OpenApi, { closed: true });
const others = [
  { whose: "OpenAI's", theirs: openApiValidator(openApiExtract('openai-2.3.0'), { closed: false }) },
  {
    whose: "Llama Stack's",
    theirs: openApiValidator(openApiExtract('llama-stack-0.7.1'), { closed: false }),
  },
];

/** A refusal at no path of the document, whose client may not even learn that there is nothing. */
const nowhere = ours.find('GET', '/v1/models')!;

/** The same answer, still to be read. Throws, or fails the stream that it is, at the first thing not as promised. */
export async function checkReply(method: string, path: string, response: Response): Promise<Response> {
  if (method === 'OPTIONS' || method === 'HEAD') return response; // they have no body
  const what = `${method} ${path}: ${response.status}`;
  const contentType = response.headers.get('content-type') ?? '';
  const judge = judgeFor(what, method, path, response.status, contentType);

  if (contentType.startsWith('text/event-stream')) {
    return new Response(watch(response.body!, eventJudge(what, judge)), response);
  }
  if (!contentType.startsWith('application/json')) return response;
  const text = await response.text();
  complain(what, judge(JSON.parse(text)));
  return new Response(text, response);
}

function judgeFor(what: string, method: string, path: string, status: number, contentType: string): Judge {
  const operation = ours.find(method, path);
  if (operation === undefined && ![401, 404, 405, 429].includes(status))
    throw new Error(`${what}: the document has no such path`);
  const judge = ours.judge(operation ?? nowhere, status, contentType);
  if (judge === undefined) throw new Error(`${what}: '${contentType}' with this status is not documented`);

  const beside = others.flatMap(({ whose, theirs }) => {
    const known = theirs.find(method, path);
    const also = known && theirs.judge(known, status, contentType);
    return also === undefined ? [] : [{ whose, also }];
  });
  return (value) => {
    const trouble = judge(value);
    if (trouble !== undefined || isError(value)) return trouble;
    for (const { whose, also } of beside) {
      const theirTrouble = also(value);
      if (theirTrouble !== undefined) return `by ${whose} document, ${theirTrouble}`;
    }
    return undefined;
  };
}

/** The event that ends a stream early, which nobody else documents. */
const isError = (value: unknown) =>
  typeof value === 'object' && value !== null && 'error' in value && 'detail' in value;

function complain(what: string, trouble: string | undefined): void {
  if (trouble !== undefined) throw new Error(`${what} is not as documented: ${trouble}`);
}

/** Judges an event; remembers whether it was the last, for nothing may follow `[DONE]` or an error. */
function eventJudge(what: string, judge: Judge): (event: string) => void {
  let over = false;
  return (event) => {
    if (over) throw new Error(`${what}: an event after the last: ${event}`);
    const { name, data } = /^(?:event: (?<name>[^\n]+)\n)?data: (?<data>[^\n]+)$/.exec(event)?.groups ?? {};
    if (data === undefined) throw new Error(`${what}: not an event: ${event}`);
    if (data === '[DONE]') {
      over = true;
      return;
    }
    const value = JSON.parse(data);
    complain(what, judge(value));
    if (name !== undefined && name !== value.type) throw new Error(`${what}: ${name} is named ${value.type}`);
    over = isError(value);
  };
}

/** The same bytes, pulled one read at a time as before. */
function watch(body: ReadableStream<Uint8Array>, onEvent: (event: string) => void) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        const blocks = (rest + decoder.decode(value, { stream: !done })).split('\n\n');
        rest = blocks.pop()!;
        try {
          for (const block of blocks) onEvent(block);
        } catch (error) {
          await reader.cancel();
          throw error;
        }
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** `fetch` whose answers are checked. */
export async function checkedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { method, url } = input instanceof Request ? input : { method: 'GET', url: input };
  return checkReply(init?.method ?? method, new URL(url).pathname, await fetch(input, init));
}

/** Whether the body was a string: a stream would be read before its turn. */
const isText = ({ headers }: Request) =>
  /^(text\/plain;charset=UTF-8|application\/json)$/.test(headers.get('content-type') ?? '');

/** What the app accepts, the document must, too. */
function checkBody(method: string, path: string, text: string): void {
  const trouble = ours.judgeBody(ours.find(method, path)!)(JSON.parse(text));
  if (trouble !== undefined)
    throw new Error(`${method} ${path}: the document refuses what is accepted: ${trouble}`);
}

/** The app, its answers checked from now on, and what it accepts. */
export function checkApp<App extends ReturnType<typeof createApp>>(app: App): App {
  const answer = app.fetch;
  app.fetch = async (request, ...rest) => {
    const { pathname } = new URL(request.url);
    const body = isText(request) ? request.clone().text() : undefined;
    const reply = await answer(request, ...rest);
    if (reply.ok && body) checkBody(request.method, pathname, await body);
    return checkReply(request.method, pathname, reply);
  };
  return app;
}
