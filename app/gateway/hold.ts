import { follow } from '../follow.ts';
import { UpstreamError } from './errors.ts';
import { shortText } from './short-text.ts';

export interface HoldOptions {
  readonly signal: AbortSignal; // of the client
  /** Rejects when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** What the stream says where its answer cannot be had. */
  readonly describe: (error: unknown) => unknown;
}

/** Proxies cut off a stream that is silent for longer: CloudFront after 60 s. */
const COMMENT_MS = 15_000;

/**
 * An answer that is a stream of events, however long it takes to begin: one that does not within 15 s is opened with a
 * comment, and another follows every 15 s. A refusal is then an event, since 200 has been said.
 */
export async function hold(
  begin: (signal: AbortSignal) => Promise<Response>,
  { signal, pause, describe }: HoldOptions,
): Promise<Response> {
  const client = new AbortController();
  follow(signal, client);
  const begun = begin(client.signal);
  const settled = new AbortController();
  begun.then(
    () => settled.abort(),
    () => settled.abort(),
  );
  const quiet = (): Promise<undefined> =>
    pause(COMMENT_MS, settled.signal).then(
      () => undefined,
      () => new Promise<never>(() => {}), // settled: the other decides
    );

  const soon = await Promise.race([begun, quiet()]);
  if (soon) return soon;

  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const source: UnderlyingDefaultSource<Uint8Array> = {
    start: (controller) => controller.enqueue(COMMENT),
    async pull(controller) {
      try {
        if (!reader) {
          const response = await Promise.race([begun, quiet()]);
          if (!response) return controller.enqueue(COMMENT);
          if (!isEvents(response)) {
            controller.enqueue(event(await refusalOf(response)));
            return controller.close();
          }
          reader = response.body!.getReader();
        }
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        if (client.signal.aborted) return;
        controller.enqueue(event(describe(error)));
        controller.close();
      }
    },
    async cancel(reason) {
      client.abort(reason);
      await reader?.cancel(reason);
      if (!reader) begun.then((unread) => unread.body?.cancel(reason)).catch(() => {});
    },
  };
  return new Response(new ReadableStream(source, { highWaterMark: 0 }), {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
  });
}

const encoder = new TextEncoder();
const COMMENT = encoder.encode(': waiting for the model\n\n');
const event = (value: unknown) => encoder.encode(`data: ${JSON.stringify(value)}\n\n`);

const isEvents = ({ body, headers }: Response): boolean =>
  body !== null && (headers.get('content-type')?.startsWith('text/event-stream') ?? false);

/** What a backend has said in place of events. Throws UpstreamError when it makes no sense. */
async function refusalOf(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await shortText(response));
  } catch (error) {
    throw new UpstreamError(response.headers.get('x-cria-backend') ?? 'the backend', error);
  }
}
