import { DeadlineError } from './errors.ts';

export interface DeadlineOptions {
  readonly signal: AbortSignal; // of the client
  /** Milliseconds from now. */
  readonly ms: number;
  /** What the client is told when time is up. */
  readonly describe: (
    error: DeadlineError,
    requestId: string,
  ) => { readonly status: number; readonly body: object };
}

/**
 * An answer that ends before the platform would cut it off: in time to say so. What has not begun is refused, a stream of
 * events ends with one that tells of the error, after the last whole one; any other body breaks off. What was asked is
 * aborted.
 */
export async function withDeadline(
  ask: (signal: AbortSignal) => Promise<Response>,
  { signal, ms, describe }: DeadlineOptions,
): Promise<Response> {
  const error = new DeadlineError();
  const late = new AbortController();
  const isLate = new Promise<'late'>((resolve) => {
    late.signal.addEventListener('abort', () => resolve('late'), { once: true });
  });
  const timer = setTimeout(() => late.abort(error), Math.max(0, ms));
  const over = () => clearTimeout(timer);
  signal.addEventListener('abort', over, { once: true });

  const told = (response?: Response) => describe(error, response?.headers.get('x-request-id') ?? '');
  const asked = ask(AbortSignal.any([signal, late.signal]));
  asked.catch(over);
  const response = await Promise.race([asked, isLate]);
  if (response === 'late') {
    asked.then((unread) => unread.body?.cancel()).catch(() => {}); // it has been told
    const { status, body } = told();
    return Response.json(body, { status });
  }
  if (response.body === null) {
    over();
    return response;
  }

  const isEvents = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const reader = response.body.getReader();
  const events = isEvents ? wholeEvents() : undefined;
  const body: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      for (;;) {
        const read = await Promise.race([reader.read(), isLate]);
        if (read === 'late') {
          void reader.cancel(error).catch(() => {});
          if (!isEvents) return controller.error(error);
          controller.enqueue(encoder.encode(`data: ${JSON.stringify(told(response).body)}\n\n`));
          return controller.close();
        }
        if (read.done) {
          over();
          const rest = events?.rest();
          if (rest?.length) controller.enqueue(rest);
          return controller.close();
        }
        const ready = events ? events.take(read.value) : read.value;
        if (ready.length > 0) return controller.enqueue(ready);
      }
    },
    async cancel(reason) {
      over();
      await reader.cancel(reason);
    },
  };
  return new Response(new ReadableStream(body, { highWaterMark: 0 }), response);
}

const encoder = new TextEncoder();
const NEWLINE = 0x0a;
/** A longer event is passed on as it comes. */
const MOST_HELD = 1 << 20;

/** Holds back the beginning of an event until its end has come. */
function wholeEvents() {
  let held: Uint8Array = new Uint8Array();
  return {
    take(chunk: Uint8Array): Uint8Array {
      const all = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const end = all.length > MOST_HELD ? all.length : endOfEvents(all);
      held = all.subarray(end);
      return all.subarray(0, end);
    },
    rest: () => held,
  };
}

/** Behind the last empty line. */
function endOfEvents(bytes: Uint8Array): number {
  for (let i = bytes.length - 1; i > 0; i--)
    if (bytes[i] === NEWLINE && bytes[i - 1] === NEWLINE) return i + 1;
  return 0;
}
