/** The same response, piece by piece as it is read; `onEnd` is called once, when it has ended, failed, or was left. */
export function onceRead(response: Response, onEnd: () => Promise<void>): Response {
  const reader = response.body!.getReader();
  let isOver = false;
  async function end(): Promise<void> {
    if (isOver) return;
    isOver = true;
    await onEnd();
  }
  const body: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        await end();
        controller.close();
      } catch (error) {
        await end();
        controller.error(error);
      }
    },
    async cancel(reason) {
      try {
        await reader.cancel(reason);
      } finally {
        await end();
      }
    },
  };
  return new Response(new ReadableStream(body, { highWaterMark: 0 }), response);
}
