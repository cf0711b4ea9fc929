const encoder = new TextEncoder();
const event = (data: string): Uint8Array => encoder.encode(`data: ${data}\n\n`);

export interface SseOptions {
  /** The event that tells of an error. Nothing follows it, not even `[DONE]`. */
  readonly describe: (error: unknown) => unknown;
  /** The reader has left. */
  readonly onCancel: () => void;
}

/**
 * Sends each chunk as one event, then `[DONE]`.
 *
 * Pulled, not pushed: a slow reader slows the model, and a reader who leaves stops it.
 */
export function sse(chunks: AsyncIterable<unknown>, { describe, onCancel }: SseOptions): Response {
  const iterator = chunks[Symbol.asyncIterator]();
  let left = false;

  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (left) return;
        controller.enqueue(event(done ? '[DONE]' : JSON.stringify(value)));
        if (done) controller.close();
      } catch (error) {
        const told = describe(error);
        if (left) return;
        controller.enqueue(event(JSON.stringify(told)));
        controller.close();
      }
    },
    async cancel() {
      left = true;
      onCancel(); // first: a `next` in flight holds up `return` until it ends
      await iterator.return?.();
    },
  };

  return new Response(new ReadableStream(source, { highWaterMark: 0 }), {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
  });
}
