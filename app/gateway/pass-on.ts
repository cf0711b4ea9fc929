import type { Answer } from './forward.ts';

/** Of the answer's headers, those that still hold: fetch has undone its encoding, and CORS is our own matter. */
const KEPT = ['content-type', 'cache-control', 'retry-after', 'content-disposition'];

export interface PassOnOptions {
  /** What a stream of events says where the backend breaks off. */
  readonly describe: (error: unknown) => unknown;
  /** It came to its end, or broke off. */
  readonly onEnd: (error?: unknown) => void;
  /** The client has left. */
  readonly onLeave: () => void;
}

/** The backend's answer as ours, piece by piece as the client reads it. */
export function passOn({ peer, response }: Answer, { describe, onEnd, onLeave }: PassOnOptions): Response {
  const headers = new Headers({ 'x-cria-backend': peer.backend.name });
  for (const name of KEPT) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const { status } = response;
  if (response.body === null) {
    onEnd();
    return new Response(null, { status, headers });
  }

  const isEvents = headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const reader = response.body.getReader();
  const body: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        onEnd();
        controller.close();
      } catch (error) {
        onEnd(error);
        if (!isEvents) return controller.error(error);
        controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(describe(error))}\n\n`));
        controller.close();
      }
    },
    cancel(reason) {
      onLeave();
      return reader.cancel(reason);
    },
  };
  return new Response(new ReadableStream(body, { highWaterMark: 0 }), { status, headers });
}
