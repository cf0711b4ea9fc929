/**
 * Cuts server-sent events out of text that may be split anywhere.
 *
 * Returns a function that takes the next piece of text and gives the data of every event it completes.
 *
 * Source   WHATWG HTML, 9.2.6 "Interpreting an event stream"; only `data` matters here
 */
export function createSseParser(): (text: string) => string[] {
  let line = '';
  let data: string[] = [];
  let afterCr = false; // "\r" ended the last piece: a "\n" that follows belongs to it

  return (piece) => {
    if (piece === '') return [];
    const text = afterCr && piece.startsWith('\n') ? piece.slice(1) : piece;
    afterCr = piece.endsWith('\r');

    const lines = (line + text).split(/\r\n|\n|\r/);
    line = lines.pop()!;

    const events: string[] = [];
    for (const whole of lines) {
      if (whole === '' && data.length > 0) {
        events.push(data.join('\n'));
        data = [];
      } else if (whole === 'data' || whole.startsWith('data:')) {
        data.push(whole.slice(5).replace(/^ /, ''));
      }
    }
    return events;
  };
}

/**
 * Reads the data of each event from a body, as it comes. An event the body leaves unfinished is dropped.
 * Leaving the loop early cancels the body, and with it the request.
 */
export async function* sseData(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const parse = createSseParser();
  const decoder = new TextDecoder(); // holds back half a character
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => {}); // it may have failed already; that error is on its way
  }
}
