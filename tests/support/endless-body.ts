/** A body that never ends, in pieces of so many bytes, and how much of it was read. */
export function endlessBody(pieceBytes = 1024) {
  let sent = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      sent += pieceBytes;
      controller.enqueue(new Uint8Array(pieceBytes).fill(0x20));
    },
    cancel() {
      cancelled = true;
    },
  });
  return { stream, sent: () => sent, cancelled: () => cancelled };
}
