const encoder = new TextEncoder();
const event = (data: string, name?: string): Uint8Array =>
  encoder.encode(`${name === undefined ? '' : `event: ${name}\n`}data: ${data}\n\n`);

export interface SseOptions {
  /** The event that tells of an error. Nothing follows it, not even `[DONE]`. */
  readonly describe: (error: unknown) => unknown;
  /** The reader has left. */
  readonly onCancel: () => void;
  /** Each event bears the `type` of its chunk as its name, and the last is the last: no `[DONE]`. */
  readonly named?: boolean;
}

/**
 * Sends each chunk as one event, then `[DONE]`.
 *
 * Pulled, not pushed: a slow reader slows the model, and a reader who leaves stops it.
 */
export function sse(
  chunks: AsyncIterable<unknown>,
  { describe, onCancel, named = false }: SseOptions,
): Response {
  const iterator = chunks[Symbol.asyncIterator]();
  let left = false;

  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (left) return;
        if (!done) controller.enqueue(event(JSON.stringify(value), named ? nameOf(value) : undefined));
        else {
          if (!named) controller.enqueue(event('[DONE]'));
          controller.close();
        }
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

const nameOf = (chunk: unknown) => (chunk as { type: string }).type;
